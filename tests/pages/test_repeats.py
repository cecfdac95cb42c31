"""What the page of the repeats says, from tables that are made up."""

import pytest
from made_up import estimates, frame, made_up_run, whole

from songrec.pages import repeats

MAP = ("average_precision", 10)


def run(
    tmp_path,
    models=("popularity", "ease"),
    splits=3,
    sd=0.001,
    ahead=3,
    significant=3,
    protocol="weak",
    by=0.1,
):
    means = dict(zip(models, (0.3, 0.4), strict=False))
    by_seed = [[model, seed, *MAP, mean] for model, mean in means.items() for seed in range(splits)]
    spread = [[model, *MAP, splits, sd if splits > 1 else None, 0.01, mean] for model, mean in means.items()]
    order = [["ease", "popularity", *MAP, by, by / 2, 1.5 * by, splits, ahead, significant, splits - ahead]]
    columns = "model than metric k value smallest largest splits ahead significant behind"
    tables = {
        ("repeats", "by_seed"): estimates("model seed metric k", by_seed),
        ("repeats", "spread"): estimates("model metric k splits sd_splits se_users", spread),
        ("repeats", "order"): frame(columns, order if len(models) > 1 else []),
    }
    facts = {"repeats": {"cutoff": 10, "seeds": [0, 1, 2]}, "split": {"protocol": protocol}}
    return made_up_run(tmp_path, tables, facts, models)


def test_facts(tmp_path):
    facts = repeats.facts(run(tmp_path, sd=0.02, ahead=2))
    assert facts["ratios"] == pytest.approx([2, 2])
    assert facts["larger"] == ["popularity", "ease"]
    assert [row["ahead"] for row in facts["unsettled"]] == [2]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"splits": 1},
        {"models": ("ease",)},
        {"sd": 0.02},
        {"ahead": 2},
        {"significant": 1},
        {"protocol": "predefined"},
        {"by": 0, "ahead": 0},
    ],
    ids=str,
)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, options):
    whole(repeats.findings(run(tmp_path, **options)))


def test_models_that_are_equal_have_no_order(tmp_path):
    text = whole(repeats.findings(run(tmp_path, by=0, ahead=0, significant=0)))
    assert "All models do equally well in every split." in text
    assert " 0 of 3" not in text


def test_tables(tmp_path):
    made = run(tmp_path)
    assert list(repeats.by_seed(made).columns) == ["model", "seed 0", "seed 1", "seed 2"]
    assert repeats.order(made).columns["ahead"].cells == ["3 of 3"]
    assert len(repeats.all_orders([made])) == 1


def test_ranks_go_from_draw_to_draw(tmp_path):
    figure = repeats.ranks([run(tmp_path)])
    assert figure.drawn["draw"].unique().tolist() == ["seed 0", "seed 1", "seed 2"]
    assert "seed 2 EASE, popularity" in figure.alt
