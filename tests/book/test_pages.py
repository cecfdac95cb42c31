"""The prose: each page asks and answers, its examples run; claims are in `{claim}` roles beside it."""

import doctest
import inspect
import re
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from songrec.book.directives import converted, page_function
from songrec.book.reference import modules
from songrec.book.values import Page, check_claim, write_value
from songrec.config import read_profile
from songrec.data import Interactions, k_core, read_mismatches
from songrec.evaluation import evaluate
from songrec.lists import TopN
from songrec.models import ItemKNN, Popularity, UserKNN
from songrec.pages.brief import BRIEF
from songrec.pipeline.graph import read_graph
from songrec.results import Results, published
from songrec.show.figure import Figure
from songrec.show.prose import Prose
from songrec.show.table import Table
from songrec.splits import weak
from songrec.splits.choose import PROTOCOLS

REPOSITORY = Path(__file__).resolve().parents[2]
BOOK = REPOSITORY / "book"
CHAPTERS = [
    path for path in sorted(BOOK.glob("*.md")) if path.stem not in ("index", "glossary", "bibliography")
]
FAMILIES = sorted(BOOK.glob("models/*.md"))
PAGES = sorted([*BOOK.glob("*.md"), *BOOK.glob("api/*.md"), *FAMILIES])


published_run = cache(Results.published)  # its tables are read once for all pages


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def without_code(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(BOOK).as_posix())
def test_a_page_has_one_title(path):
    assert len(re.findall(r"^# \S", without_code(text_of(path)), re.MULTILINE)) == 1


@pytest.mark.parametrize("path", [*CHAPTERS, *BOOK.glob("models/*.md")], ids=lambda path: path.stem)
def test_a_chapter_opens_with_a_question_and_closes_with_what_was_found(path):
    text = text_of(path)
    assert re.match(r"(---\n.*?\n---\n\n)?# [^\n]+\?\n", text, re.DOTALL)
    last = text.rstrip().split("\n\n")[-1]
    assert last.startswith("**In short:**") or "## What was found" in text.split("## ")[-1].join(["## ", ""])


@pytest.mark.parametrize(
    "path",
    [path for path in PAGES if "```python\n>>>" in text_of(path)],
    ids=lambda path: path.relative_to(BOOK).as_posix(),
)
def test_examples_run(path):
    """Every fenced example of a page, in its order, as one session."""
    fenced = re.findall(r"```python\n(.*?)```", text_of(path), re.DOTALL)
    session = "\n".join(block for block in fenced if block.startswith(">>>"))
    test = doctest.DocTestParser().get_doctest(session, {}, path.name, str(path), 0)
    said: list[str] = []
    failed, tried = doctest.DocTestRunner(verbose=False).run(test, out=said.append)
    assert tried > 0
    assert failed == 0, "".join(said)


def test_the_contents_list_every_page():
    listed = re.findall(r"(?:file|root): (\S+)", text_of(BOOK / "_toc.yml"))
    assert yaml.safe_load(text_of(BOOK / "_toc.yml"))["root"] == "index"
    pages = {path.relative_to(BOOK).with_suffix("").as_posix() for path in PAGES}
    assert set(listed) - {"runs/index"} == pages


def test_a_page_has_one_name_that_says_its_topic():
    """The contents, the tab and the search show the page's own title: its topic first, then its question."""
    assert "title:" not in text_of(BOOK / "_toc.yml")
    titles = [
        re.search(r"^# (.*)$", without_code(text_of(path)), re.MULTILINE)[1]
        for path in PAGES
        if path.stem != "index" or path.parent.name == "api"
    ]
    assert [title for title in titles if not re.match(r"[A-Z][\w ]+: \S", title)] == []
    assert len(set(titles)) == len(titles)


def test_the_reference_holds_every_module():
    packages = [
        package
        for path in PAGES
        for package in re.findall(r"^\{\{ modules (\S+) \}\}$", text_of(path), re.MULTILINE)
    ]
    there = [module for package in packages for module in modules(package)]
    assert len(there) == len(set(there))
    assert set(there) == set(modules("songrec")) - {"songrec"}


def test_every_citation_has_a_source_and_every_source_is_cited():
    cited = {
        key.strip()
        for path in PAGES
        for keys in re.findall(r"\{cite:[pt]\}`([^`]+)`", text_of(path))
        for key in keys.split(",")
    }
    known = set(re.findall(r"^@\w+\{(\w+),", text_of(BOOK / "references.bib"), re.MULTILINE))
    assert cited == known


@pytest.mark.parametrize("path", [BOOK / "index.md", *CHAPTERS, *FAMILIES], ids=lambda path: path.stem)
def test_an_abbreviation_is_a_link_to_the_glossary_where_it_is_used_first(path):
    known = re.findall(r"^(?=\w*[A-Z]\w*-?\w*[A-Z])[\w-]+$", text_of(BOOK / "glossary.md"), re.MULTILINE)
    assert {"MAP", "fsSLIM", "RP3beta"} <= set(known)
    prose = re.sub(
        r"\A---\n.*?\n---\n|^```.*?^```|\$\$.*?\$\$", "", text_of(path), flags=re.DOTALL | re.MULTILINE
    )
    prose = re.sub(r"\{term\}`(?:[^`<]*<)?([^`>]*)>?`", r"<<\1>>", prose)
    prose = re.sub(
        r"\$[^$\n]+\$|^[#|:].*$|\{[a-z:]+\}`[^`]*`|`[^`\n]*`|\[[^\]]*\]\([^)]*\)",
        "",
        prose,
        flags=re.MULTILINE,
    )
    first = {
        name: re.search(rf"(<<)?(?<![\w@])(?:{name}|{name[0].upper()}{name[1:]})(?!\w)", prose)
        for name in known
    }
    assert [name for name, found in first.items() if found and not found[1]] == []


@pytest.mark.parametrize("path", [*CHAPTERS, *FAMILIES], ids=lambda path: path.stem)
def test_no_measured_number_is_typed(path):
    """Decimals with three places are values or formulas, but for those of an example or a publication.

    The page's front matter lists these: `typed: [".208"]`.
    """
    text = text_of(path)
    front, text = text.split("---\n", 2)[1:] if text.startswith("---") else ("{}", text)
    stated = yaml.safe_load(front)
    prose = re.sub(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`", "", without_code(text), flags=re.DOTALL)
    assert re.findall(r"(?<!\d\.)\d*\.\d{3,}", prose) == stated.get("typed", [])


@pytest.mark.parametrize("path", [BOOK / "index.md", *CHAPTERS, *FAMILIES], ids=lambda path: path.stem)
def test_every_value_is_published_and_every_claim_holds(path):
    """As the build holds it, without a build."""
    text = text_of(path)
    front = yaml.safe_load(text.split("---\n")[1]) if text.startswith("---") else {}
    page = Page(**{key: front[key] for key in ("log", "logs", "cutoff") if key in front})
    for kind, words in re.findall(r"\{(value|claim)\}`([^`]+)`", text):
        words = " ".join(words.split())
        if kind == "value":
            assert write_value(words, page, published_run)
        else:
            assert check_claim(words, page, published_run) == ""


@pytest.mark.parametrize("path", [BOOK / "index.md", *CHAPTERS, *FAMILIES], ids=lambda path: path.stem)
def test_every_picture_table_and_finding_comes_from_the_record(path):
    """As the build makes them: a new record that a page cannot tell of is found here."""
    text = text_of(path)
    front = yaml.safe_load(text.split("---\n")[1]) if text.startswith("---") else {}
    page = Page(**{key: front[key] for key in ("log", "logs", "cutoff") if key in front})
    shown = re.findall(r"^```\{(figure|table|findings)\} (\S+)\n((?::.*\n)*)", text, re.MULTILINE)
    for kind, place, lines in shown:
        options = dict(re.findall(r":(\w+): (.*)", lines))
        function = page_function(place)
        parameters = list(inspect.signature(function, eval_str=True).parameters.values())
        logs = [published_run(page.profile(each)) for each in options.pop("log", "").split()]
        options.pop("name", None)
        if not parameters:
            runs = []
        elif parameters[0].name == "run":
            runs = [logs[0] if logs else published_run(page.profile())]
        else:
            runs = [logs or published(all_protocols=parameters[0].name == "every")]
        made = function(*runs, **converted(options, parameters[1:]))
        assert isinstance(made, {"figure": Figure, "table": Table, "findings": Prose}[kind])
        assert str(made) if kind == "findings" else repr(made)


def test_every_profile_in_a_page_is_one(tmp_path):
    blocks = [each for path in PAGES for each in re.findall(r"```yaml\n(.*?)```", text_of(path), re.DOTALL)]
    assert blocks
    for block in blocks:
        (tmp_path / "own.yml").write_text(block, encoding="utf-8")
        stages = read_profile("own", tmp_path).stages
        assert set(stages) <= set(read_graph().stages)
        assert stages["split"]["protocol"] in PROTOCOLS


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(BOOK).as_posix())
def test_a_sentence_has_its_own_lines(path):
    prose = re.sub(r"\$\$.*?\$\$", "", without_code(text_of(path)), flags=re.DOTALL)
    assert [line for line in prose.splitlines() if len(line) > 160 and not line.startswith("|")] == []


def test_every_published_log_has_its_section():
    benchmark = text_of(BOOK / "benchmark.md")
    page = yaml.safe_load(benchmark.split("---")[1])
    assert {page["log"], *page["logs"].values()} == {run.name for run in published()}
    for name in ("", *(f"{short}: " for short in page["logs"])):
        assert f"## {{value}}`{name}run title`" in benchmark


# What the prose says of real data, beyond the published tables


@pytest.mark.slow
def test_a_dense_extract_gives_the_levels_but_not_the_gain(shared_data):
    """The trial of the brief's page: 300 songs, users with fifteen of them, half hidden."""
    log = k_core(read_log(shared_data / "taste-profile-10k-songs" / "train_triplets.txt.gz"), 5)
    listeners = np.bincount(log.plays.indices, minlength=log.n_songs)
    log = log.select(songs=np.isin(np.arange(log.n_songs), np.argsort(-listeners, kind="stable")[:300]))
    split = weak(log.select(users=np.diff(log.plays.indptr) >= 15), test=0.5, validation=0.05)
    train, test = split.final_train(), split.test
    reached = {}
    for name, model in (("popularity", Popularity()), ("user_knn", UserKNN(100)), ("item_knn", ItemKNN(100))):
        lists = TopN(test.users, *model.fit(train).recommend(test.fold_in, 10, users=test.users))
        reached[name] = evaluate(lists, test.holdout, train, [10]).per_user.mean()
    for metric in ("precision", "recall", "average_precision"):
        for model, near in (("user_knn", 0.2), ("item_knn", 0.25)):
            assert reached[model][f"{metric}@10"] == pytest.approx(BRIEF[model][metric], rel=near)
    popularity = reached["popularity"]["precision@10"]
    assert popularity > 1.5 * BRIEF["popularity"]["precision"]
    assert reached["item_knn"]["precision@10"] < 1.5 * popularity


def read_log(path: Path) -> Interactions:
    table = pd.read_csv(path, sep="\t", names=["user", "song", "plays"])
    return Interactions.from_triplets(table["user"], table["song"], table["plays"])


@pytest.mark.parametrize("cut", ["taste-profile-10k-songs", "taste-profile-3k-users"])
def test_several_per_cent_of_the_songs_have_a_wrong_title(shared_data, cut):
    """The song with most listeners is one of them; its plays count."""
    log = k_core(read_log(shared_data / cut / "train_triplets.txt.gz"), 5)
    listed = np.isin(log.song_ids, read_mismatches(shared_data / "songs" / "sid_mismatches.txt"))
    assert 0.04 < listed.mean() < 0.09
    assert 0.04 < listed[log.plays.indices].mean() < 0.09
    assert listed[np.argmax(np.bincount(log.plays.indices, minlength=log.n_songs))]
