"""How long it takes from a text log to a sparse matrix, beside other libraries: `make bench`.

Each reads `user<TAB>song<TAB>plays`, gives users and songs their places among the sorted ids as codes, and
builds a CSR matrix of plays. songrec besides validates every line, keeps those that it rejects, merges pairs
that stand twice and remembers the log's order. All must come to the same matrix (`side_by_side`).

pandas and pyarrow are part of this project's environment. The others want one of their own:

    python -m venv build/ingest && build/ingest/bin/pip install duckdb==2.0.1 polars==2.1.0 scipy
    python tools/ingesters.py --with duckdb=build/ingest/bin/python --with polars=build/ingest/bin/python
"""

import hashlib
import sys
import tempfile
from importlib import import_module
from pathlib import Path

import numpy as np
import side_by_side

COLUMNS = ["user", "song", "plays"]


def songrec(file: str):
    """The project's own."""
    from songrec.data import read_log, triplets

    with tempfile.TemporaryDirectory() as folder:
        return read_log(triplets(file), Path(folder) / "rejects.parquet")[1].plays


def duckdb(file: str):
    """Distinct ids numbered in order, and joined to the log."""
    import duckdb

    connection = duckdb.connect()
    connection.execute("set threads = 2; set memory_limit = '4GB'; set preserve_insertion_order = false")
    types = "{'user': 'VARCHAR', 'song': 'VARCHAR', 'plays': 'INTEGER'}"
    connection.execute(
        f"create table log as select * from read_csv('{file}', delim = '\t', header = false, quote = '', "
        f"escape = '', columns = {types})"
    )
    for one in COLUMNS[:2]:
        connection.execute(
            f"create table {one}s as select {one}, (row_number() over (order by {one}) - 1)::integer as code "
            f"from (select distinct {one} from log)"
        )
    joined = connection.execute(
        "select users.code as user, songs.code as song, plays from log join users using (user) "
        "join songs using (song)"
    ).fetchnumpy()
    return matrix(*(np.asarray(joined[name]) for name in COLUMNS))


def polars(file: str):
    """Enumerations of the sorted ids."""
    import polars

    table = polars.read_csv(
        file,
        has_header=False,
        separator="\t",
        quote_char=None,
        new_columns=COLUMNS,
        schema_overrides=[polars.String, polars.String, polars.Int32],
    )
    codes = [table[name].cast(polars.Enum(table[name].unique().sort())).to_physical() for name in COLUMNS[:2]]
    return matrix(*(each.to_numpy() for each in (*codes, table["plays"])))


def pyarrow(file: str):
    """Dictionary-encoded as it is read; then the dictionary is sorted."""
    import pyarrow
    from pyarrow import compute, csv

    ids = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    table = csv.read_csv(
        file,
        csv.ReadOptions(column_names=COLUMNS, block_size=4 << 20),
        csv.ParseOptions(delimiter="\t", quote_char=False),
        csv.ConvertOptions(column_types={"user": ids, "song": ids, "plays": pyarrow.int32()}),
    )
    table = table.unify_dictionaries().combine_chunks()
    codes = []
    for name in COLUMNS[:2]:
        column = table[name].chunk(0)
        rank = np.argsort(compute.sort_indices(column.dictionary).to_numpy()).astype(np.int32)
        codes.append(rank[column.indices.to_numpy()])
    return matrix(*codes, table["plays"].to_numpy())


def pandas(file: str):
    """Categories, sorted."""
    import pandas

    types = dict(zip(COLUMNS, ("category", "category", np.int32), strict=True))
    table = pandas.read_csv(
        file, sep="\t", names=COLUMNS, dtype=types, quoting=3, keep_default_na=False, engine="c"
    )
    codes = []
    for name in COLUMNS[:2]:  # each part that it read brought its own, in their order
        categories = table[name].cat.categories
        codes.append(table[name].cat.set_categories(categories.sort_values()).cat.codes.to_numpy())
    return matrix(*codes, table["plays"].to_numpy())


def matrix(rows: np.ndarray, columns: np.ndarray, plays: np.ndarray):
    """As people build it."""
    from scipy.sparse import csr_array

    shape = (int(rows.max()) + 1, int(columns.max()) + 1)
    made = csr_array((plays, (rows, columns)), shape=shape)
    made.sum_duplicates()
    return made


INGESTERS = {each.__name__: each for each in (songrec, duckdb, polars, pyarrow, pandas)}


def once(name: str, file: str) -> dict:
    """What one run took, and a hash of what it came to."""
    library = "songrec.data" if name == "songrec" else name
    try:
        import_module(library), import_module("scipy.sparse")
    except ImportError as error:
        return {"missing": str(error)}
    cost, made = side_by_side.once(name, lambda: INGESTERS[name](file))
    digest = hashlib.sha256()
    for part in (made.indptr, made.indices, made.data):
        digest.update(part.astype(np.int32, copy=False))
    return cost | {"entries": int(made.nnz), "result": digest.hexdigest()}


def text_of(options, folder: Path) -> tuple[Path, str]:
    """The text file to read, and its name."""
    from songrec.data import SyntheticWorld
    from songrec.data.synthetic_text import text_file

    file = options.file or text_file(SyntheticWorld(options.users, options.songs, seed=1))
    return file, file.name


if __name__ == "__main__":
    about = "From text to a sparse matrix, side by side."
    sys.exit(side_by_side.main(sys.argv[1:], __file__, about, list(INGESTERS), once, 5, text_of))
