"""Values and claims: a few words name a number, and anything that means nothing is said."""

import pandas as pd
import pytest
from made_up import estimates, made_up_run

from songrec.book.values import Page, check_claim, write_value
from songrec.errors import DataError
from songrec.results import Results

PAGE = Page(log="made-up", logs={"other": "other-log"}, cutoff=10)
MAP, MEANS = "average_precision", {"popularity": 0.1, "item_knn": 0.3, "ease": 0.32}


def write_results(folder, name: str, lead: float) -> Results:
    means = [(model, MAP, k, value) for model, value in MEANS.items() for k in (10, 20)]
    means += [("ease", "coverage", 10, 0.742), ("item_knn", "precision", 10, 0.25)]
    pairs = estimates(
        ["model", "than", "metric", "k"],
        [("item_knn", "popularity", MAP, 10, 0.2), ("ease", "item_knn", MAP, 10, 0.02)],
        half=0.0019,
    )
    pairs = pairs.assign(p=0.001, p_holm=[0.01, 0.2], effect=0.6, win_rate_difference=0.25)
    gains = [(m, "popularity", MAP, 10, n, n * lead) for m in ("item_knn", "ease") for n in (1, 5)]
    shares = pd.DataFrame({"songs": ["head", "held out"], "number": [5, 1200], "catalogue": [0.072, 0.5]})
    tables = {
        ("evaluate", "metrics"): estimates(["model", "metric", "k"], means),
        ("compare", "differences"): pairs,
        ("compare", "ratios"): pairs.iloc[:1].assign(value=3.0, ci_low=2.8, ci_high=3.4),
        ("cold_start", "gains"): estimates(["model", "than", "metric", "k", "shown"], gains),
        ("beyond", "classes"): shares,
        ("train", "cost"): pd.DataFrame({"model": ["ease"], "fit_seconds": [2.2345]}),
    }
    facts = {
        "ingest": {"users": 12345, "read": {"users": 20000}},
        "split": {"seed": 0, "test": {"users": 100}},
        "train": {"ease": {"hyperparameters": {"l2": 14.77}}},
        "tune": {"item_knn": {"value": 0.4, "trials": 20}, "ease": {"value": 0.3, "trials": 20}},
    }
    return made_up_run(folder, tables, facts, name=name)


@pytest.fixture(scope="module")
def load(tmp_path_factory):
    """The results of two logs: on the second nobody leads."""
    folder = tmp_path_factory.mktemp("results")
    runs = {"made-up": write_results(folder, "made-up", 0.1)}
    return (runs | {"other-log": write_results(folder, "other-log", 0.001)}).__getitem__


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("item_knn precision", "0.250"),
        ("item_knn | estimate", "0.300 ± 0.020"),
        ("item_knn @20 | users", "100"),
        ("best coverage", "74.2 %"),
        ("best | model", "EASE"),
        ("second | interval", "0.280 to 0.320"),
        ("chosen | model", "item-KNN"),
        ("item_knn over popularity", "3.00"),
        ("popularity minus item_knn", "−0.2000"),
        ("item_knn minus popularity | + 2", "+0.20"),
        ("item_knn minus popularity p_holm", "0.010"),
        ("popularity minus item_knn win_rate_difference", "−25.0 %"),
        ("cold_start.gains item_knn 5 | estimate share", "50.0 ± 2.0 %"),
        ("other: cold_start.gains item_knn 5", "0.005"),
        ("cold_start.gains item_knn highest", "0.500"),
        ("beyond.classes held_out number", "1,200"),
        ("beyond.classes head catalogue | share", "7.2 %"),
        ("run users", "12,345"),
        ("run title", "Made up"),
        ("run read users", "20,000"),
        ("split test users", "100"),
        ("tune ease trials", "20"),
        ("cost ease fit_seconds", "2.23"),
        ("params ease l2", "14.77"),
    ],
)
def test_a_value_is_a_few_words(load, words, text):
    assert write_value(words, PAGE, load).replace("\N{NO-BREAK SPACE}", " ") == text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "names no value"),
        ("ease recal", "no recal@10 of ease"),
        ("some words that mean nothing", "names no value"),
        ("ease minus item_knn p_hlm", "did you mean 'p_holm'"),
        ("cold_start.gains itm_knn 1", "did you mean 'item_knn'"),
        ("cold_start.gains item_knn", "2 rows fit"),
        ("beyond.classes head", "no column 'value'"),
        ("run tilte", "is not among its facts"),
        ("split test", "is not a single value"),
        ("beyond.classes head catalogue | interval", "no interval is published"),
        ("ease | intervall", "cannot be written as 'intervall'"),
    ],
)
def test_what_means_nothing_is_said(load, words, said):
    with pytest.raises(DataError, match=said):
        write_value(words, PAGE, load)


def test_a_page_without_a_log_must_name_one(load):
    with pytest.raises(DataError, match="front matter names no log"):
        write_value("run users", Page(), load)
    assert write_value("made-up: run users", Page(), load) == "12,345"


@pytest.mark.parametrize(
    "claim",
    [
        "item_knn > popularity",
        "popularity < item_knn",
        "ease ~ item_knn",  # the interval excludes 0, the corrected test does not reject
        "ease minus item_knn > 0",
        "ease >= item_knn",
        "popularity <= item_knn",
        "item_knn over popularity > 2.5",
        "ease coverage >= 0.7",
        "best is ease",
        "all: best is ease",
        "cold_start.gains item_knn 5 > 0",
        "every cold_start.gains 5 > 0",
        "other: every cold_start.gains 5 ~ 0",
        "cold_start.gains item_knn 5 > cold_start.gains item_knn 1",
        "cold_start.gains ease highest is 5",
    ],
)
def test_a_claim_that_holds_is_silent(load, claim):
    assert check_claim(claim, PAGE, load) == ""


@pytest.mark.parametrize(
    ("claim", "said"),
    [
        ("ease > item_knn", "0.02 "),
        ("item_knn ~ popularity", "0.2 "),
        ("best is item_knn", "it is ease"),
        ("all: every cold_start.gains 5 > 0", "does not hold on other-log: 0.005"),
        ("made-up other: cold_start.gains ease 1 > 0", "other-log"),
    ],
)
def test_a_claim_that_does_not_hold_is_told(load, claim, said):
    assert said in check_claim(claim, PAGE, load)


def test_words_without_a_sign_are_no_claim(load):
    with pytest.raises(DataError, match="is no claim"):
        check_claim("ease item_knn", PAGE, load)
