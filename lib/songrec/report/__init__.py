"""What a reader sees: one plot style, tables, figures, and findings said in sentences.

Each module stands alone (`from songrec.report import show`), so that a notebook imports, and is made again
for, only what it uses.
"""
