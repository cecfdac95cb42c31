"""The study on Spark, for logs that outgrow one machine.

What is cheap and grows with users is Spark's own work (reading, grouping, shuffling); what decides a number
is this library's, run on blocks of users or of songs by the executors. Nothing that grows with users comes
to the driver: what does is of the size of the catalogue, as the models are.

The modules in the order of the work: `session`, `ingest`, `filters`, `histories`, `splits`, `models`,
`lists`.
"""
