"""The book of a finished run: its executed notebooks under today's prose, built strictly and checked.

`python -m songrec.pipeline.book --profile NAME`
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from songrec.errors import SongrecError, StageError
from songrec.files import replacing, write_text
from songrec.paths import BOOK, SITE
from songrec.pipeline.engine import Engine
from songrec.pipeline.notebook import merge_prose, source_of
from songrec.pipeline.plan import Plan, make_plan
from songrec.pipeline.run import only_run
from songrec.report.site import build, check
from songrec.report.style import label

RUNS = "runs"


def assemble(plan: Plan, folder: Path) -> list[Path]:
    """Put the executed notebooks of the plan and an index into `folder`, in place of what was there.

    Raises `StageError` when a stage is not fresh: the book shows finished runs only.
    """
    with only_run(plan.paths):
        stale = [name for name in Engine(plan).changes() if name in plan.stages]
        if stale:
            run = f"songrec run --profile {plan.profile_name}"
            raise StageError(f"not fresh: {', '.join(stale)}. Run the pipeline first: {run}")
        with replacing(folder) as temporary:
            temporary.mkdir()
            for stage in plan.stages.values():
                page = merge_prose(stage.declaration.path, stage.executed)
                if stage.declaration.each_model:
                    _name_model(page, label(stage.parameters["model"]))
                write_text(
                    temporary / stage.executed.name, json.dumps(page, indent=1, ensure_ascii=False) + "\n"
                )
            write_text(temporary / "index.md", _index(plan))
    return sorted(folder.iterdir())


def _name_model(page: dict, model: str) -> None:
    """The page's heading names its model: a notebook that runs once a model is one text with many titles."""
    first = page["cells"][0]
    heading, newline, rest = source_of(first).partition("\n")
    first["source"] = f"{heading} · {model}{newline}{rest}"


def _index(plan: Plan) -> str:
    profile = plan.profile
    kind = "The log is **synthetic**: its users, songs and artists are invented." if profile.synthetic else ""
    models = "\n".join(
        f"* {label(name)}: `{entry.estimator}`, "
        + (", ".join(f"{key} = {value}" for key, value in entry.hyperparameters.items()) or "defaults")
        for name, entry in profile.models.items()
    )
    return f"""# This run: {profile.title}

{profile.description} {kind}

The pages below are the notebooks of the pipeline as they ran on the profile `{plan.profile_name}`, in their
order: each asks a question and ends with what it found. The numbers of the chapters before come from the
record of runs on real data, these from the run that built this copy of the book.

{models}
"""


def make_book(profile: str, book: Path = BOOK, site: Path = SITE) -> Path:
    """Assemble, build and check; returns the first page. Raises `StageError` for anything that is wrong."""
    assemble(make_plan(profile), book / RUNS)
    pages = build(book, site)
    if problems := check(pages):
        raise StageError("the built book is not right:\n" + "\n".join(problems))
    return pages / "index.html"


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--profile", default="sample")
    try:
        print(f"The book: {make_book(parser.parse_args(argv).profile)}")
    except SongrecError as error:
        print(f"songrec: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
