"""The book of a finished run: its executed notebooks under today's prose, built strictly and checked.

`python -m songrec.pipeline.assemble --profile NAME`
"""

import argparse
import json
import shutil
import sys
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from html import escape
from pathlib import Path
from typing import Any

import yaml

from songrec.book.check import check
from songrec.book.notebooks import captioned
from songrec.book.site import ANSWER, FILES, OWN, PUBLIC, RUNS, build, write_zip
from songrec.errors import SongrecError, StageError
from songrec.files import replacing, write_text
from songrec.paths import BOOK, IN_CHECKOUT, REPOSITORY, RESULTS, SITE, WORK
from songrec.pipeline.engine import Engine
from songrec.pipeline.graph import STUDIES, StageDeclaration, read_graph
from songrec.pipeline.imports import LIBRARY
from songrec.pipeline.notebook import INJECTED, merge_prose, source_of, tags
from songrec.pipeline.plan import Plan, PlannedStage, make_plan
from songrec.pipeline.run import only_run
from songrec.show.prose import as_written

STAMP = "inputs.txt"
"""In the site's folder: a hash of all that the site was built from."""


def assemble(plan: Plan, folder: Path) -> list[Path]:
    """Put the executed notebooks of the plan and an index into `folder`, in place of what was there.

    The pages stand in the folder itself; the studies, to which they link, in `studies` within it. The study
    of a stage without a page stands among the pages. Scripts that stages made, which pages load, are in
    `files`, and the run's tables as one file.

    Raises
    ------
    StageError
        When a stage is not fresh: the book shows finished runs only. Every file is hashed again for that,
        whatever its date says. And for a profile that runs some stages only: the chapters lead to all pages.
    """
    if plan.profile.only:
        raise StageError(
            f"profile {plan.profile_name} runs {', '.join(plan.profile.only)} only, and a book has all "
            f"pages. Its tables are in {plan.paths.tables}; songrec publish puts them on record."
        )
    with only_run(plan.paths):
        stale = [name for name in Engine(plan).changes(verify=True) if name in plan.stages]
        if stale:
            run = f"songrec run --profile {plan.profile_name}"
            raise StageError(f"not fresh: {', '.join(stale)}. Run the pipeline first: {run}")
        with replacing(folder) as temporary:
            (temporary / FILES).mkdir(parents=True)
            write_zip(plan.paths.tables, temporary / FILES / "tables.zip")
            for stage in plan.stages.values():
                for script in (path for path in stage.outputs if path.suffix == ".js"):
                    shutil.copy(script, temporary / FILES)
                notebook = merge_prose(stage.notebook, stage.executed)
                if stage.model:
                    _name_model(notebook, _title(plan, stage.model))
                if _place(stage).name == ANSWER:
                    notebook["cells"] = [cell for cell in notebook["cells"] if INJECTED not in tags(cell)]
                    notebook["cells"].append(_markdown("onward", _onward(plan)))
                elif stage.page:
                    notebook["cells"].insert(1, _link(plan, stage))
                captioned(notebook)
                if _place(stage).parent.name == STUDIES:  # reached from its page, not from the contents
                    notebook["metadata"]["orphan"] = True
                write_text(
                    temporary / _place(stage), json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
                )
            for stage in _left_out(plan, folder.parent):
                write_text(temporary / f"{stage.notebook}.ipynb", _absence(stage))
            write_text(temporary / "index.md", _index(plan))
            if (temporary / ANSWER).is_file() and not plan.profile.synthetic:
                toc, config = folder.parent / OWN[0], REPOSITORY / OWN[1]
                write_text(temporary / OWN[0], _yaml(_contents(_read(toc), plan)))
                write_text(temporary / OWN[1], _yaml(_configuration(_read(config), plan)))
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _left_out(plan: Plan, book: Path) -> list[StageDeclaration]:
    """Stages that the profile leaves out and to whose page a chapter leads."""
    chapters = "".join(path.read_text(encoding="utf-8") for path in sorted(book.rglob("*.md")))
    there = {stage.declaration.name for stage in plan.stages.values()}
    absent = [stage for name, stage in read_graph().stages.items() if name not in there]
    return [stage for stage in absent if f"{RUNS}/{stage.notebook}." in chapters]


def _absence(stage: StageDeclaration) -> str:
    """The notebook in the place of a page that a profile leaves out: its title, and why there is no more."""
    first = json.loads(stage.page_path.read_text(encoding="utf-8"))["cells"][0]
    title, _, _ = source_of(first).partition("\n")
    text = f"{title}\n\nThe profile leaves this page out (`{stage.name}: null`)."
    notebook = {"cells": [_markdown("left-out", text)], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _place(stage: PlannedStage) -> Path:
    """Where the notebook goes within the folder of pages."""
    among_pages = stage.page or stage.declaration.page is None
    return Path(stage.executed.name) if among_pages else Path(STUDIES, stage.executed.name)


def _title(plan: Plan, model: str) -> str:
    return as_written(plan.profile.models[model].title)


def _link(plan: Plan, page: PlannedStage) -> dict[str, Any]:
    """A cell that leads from a page to the executed notebooks of its study."""
    studies = [s for s in plan.stages.values() if s.declaration is page.declaration and not s.page]
    if studies[0].model:
        links = ", ".join(f"[{_title(plan, s.model)}]({_place(s).as_posix()})" for s in studies)
        text = f"The study that computed this, once for each model: {links}."
    else:
        text = f"The study that computed this: [its notebook]({_place(studies[0]).as_posix()})."
    return _markdown("study", text)


def _markdown(name: str, text: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": text}


def _onward(plan: Plan) -> str:
    """Where a reader goes from the answer."""
    first = "index" if plan.profile.synthetic else PUBLIC
    return f"""## Where to go from here

**You want to check this:** [the pages of this run](/{RUNS}/index.md) lead from the log to the answer, and
each to the notebook that computed its numbers.

**You want to know what the words mean:** [the protocol](/protocol.md), [the models](/models.md),
[the metrics](/metrics.md), [the statistics](/statistics.md).

**You want to know how far it carries:** [what came out on public logs](/{first}.md) and
[the limits](/limits.md).

**You put it into production:** [how to run this again](/reproduce.md) and [the library](/api/index.md)."""


def _contents(toc: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """The table of contents of a book about one's own log: the record's first page is a chapter."""
    for part in toc["parts"]:
        if part["caption"] == "The answer":
            part["chapters"].insert(0, {"file": PUBLIC})
        elif part["caption"] == "This run":
            part["caption"] += f": {plan.profile.title}"
    return toc


def _configuration(config: dict[str, Any], plan: Plan) -> dict[str, Any]:
    """Jupyter Book's configuration, with the log's title in that of the book."""
    config["title"] = f"Songbook: {plan.profile.title}"
    # The theme puts the logo's text into its pages as it is.
    config["sphinx"]["config"]["html_theme_options"]["logo"]["text"] = escape(config["title"])
    return config


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _yaml(value: dict[str, Any]) -> str:
    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True)


def _name_model(notebook: dict, model: str) -> None:
    """The heading names its model: a notebook that runs once a model is one text with many titles."""
    first = notebook["cells"][0]
    heading, newline, rest = source_of(first).partition("\n")
    first["source"] = f"{heading} · {model}{newline}{rest}"


def _index(plan: Plan) -> str:
    profile = plan.profile
    kind = "The log is **synthetic**: its users, songs and artists are invented." if profile.synthetic else ""
    first = "" if profile.synthetic else ", and those of the first page,"
    models = "\n".join(
        f"* {as_written(spec.title)}: `{spec.estimator}`, "
        + (
            ", ".join(as_written(f"{key} = {value}") for key, value in spec.hyperparameters.items())
            or "defaults"
        )
        for spec in profile.models.values()
    )
    return f"""# This run: {as_written(profile.title)}

{as_written(profile.description)} {kind}

The pages below are the notebooks of the pipeline as they ran on the profile `{plan.profile_name}`, in their
order: each asks a question, leads to the notebook of the study that computed its numbers, and ends with what
was found. Their numbers{first} come from the run that built this copy of the book, those of the other
chapters from the record of runs on real data.
<a href="{FILES}/tables.zip">All tables of this run</a> come as one file of CSV tables;
the download button of each page has it as a notebook.

{models}
"""


def make_book(profile: str, book: Path = BOOK, site: Path = SITE) -> Path:
    """Assemble, build and check, unless the site was built from just this; returns the first page.

    Raises
    ------
    StageError
        For anything that is wrong.
    """
    if book == BOOK and not IN_CHECKOUT:  # where a wheel was installed nothing is written
        book = shutil.copytree(BOOK, WORK / "build" / "book", dirs_exist_ok=True)
    assemble(make_plan(profile), book / RUNS)
    if not is_built(book, site):
        shutil.rmtree(site, ignore_errors=True)  # of a build that fails nothing may look finished
        if problems := check(build(book, site)):
            raise StageError("the built book is not right:\n" + "\n".join(problems))
        write_text(site / STAMP, _sources(book))
    return site / "_build" / "html" / "index.html"


def is_built(book: Path = BOOK, site: Path = SITE) -> bool:
    """Whether the site was built from just what `book`, the records and the library hold now."""
    stamp = site / STAMP
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == _sources(book)


def _sources(book: Path) -> str:
    return fingerprint([book, RESULTS, LIBRARY / "songrec", REPOSITORY / "_config.yml"])


def fingerprint(places: Iterable[Path]) -> str:
    """A hash of all files in these places: their names and what is in them."""
    digest = blake2b(digest_size=16)
    for place in places:
        for path in sorted(place.rglob("*")) if place.is_dir() else [place]:
            if path.is_file() and "__pycache__" not in path.parts and "_build" not in path.parts:
                content = path.read_bytes()
                digest.update(f"{path.relative_to(place.parent)}\0{len(content)}\0".encode())
                digest.update(content)
    return digest.hexdigest()


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
