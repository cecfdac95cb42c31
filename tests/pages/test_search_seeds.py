"""What the page of the search seeds says, from tables that are made up."""

import pytest
from made_up import estimates, made_up_run, whole

from songrec.pages import search_seeds

MAP = ("average_precision", 10)


def run(tmp_path, models=("popularity", "ease"), searches=3, sd=0.001, apart=0.002):
    means = dict(zip(models, (0.3, 0.4), strict=False))
    by_seed = [[model, seed, *MAP, mean] for model, mean in means.items() for seed in range(searches)]
    over = [
        [model, *MAP, searches, sd if searches > 1 else None, 0.01, mean] for model, mean in means.items()
    ]
    spread = estimates("model metric k searches sd_searches se_users", over)
    ends = {"smallest": spread["value"] - apart, "largest": spread["value"] + apart}
    tables = {"by_seed": estimates("model seed metric k", by_seed), "spread": spread.assign(**ends)}
    return made_up_run(tmp_path, tables, {}, models, stage="search_seeds")


def test_facts(tmp_path):
    facts = search_seeds.facts(run(tmp_path, sd=0.02))
    assert facts["ratios"] == pytest.approx([2, 2])
    assert facts["larger"] == ["popularity", "ease"]
    assert facts["widest"][0]["model"] == "popularity"


@pytest.mark.parametrize(
    "options", [{}, {"searches": 1}, {"models": ("ease",)}, {"sd": 0.02}, {"sd": 0.0, "apart": 0.0}], ids=str
)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, options):
    whole(search_seeds.findings(run(tmp_path, **options)))


def test_tables(tmp_path):
    made = run(tmp_path)
    assert list(search_seeds.by_seed(made).columns) == ["model", "seed 0", "seed 1", "seed 2"]
    spread = search_seeds.spread(made).columns
    assert spread["model"].cells[0] == "EASE"
    assert spread["largest"].cells == ["0.4020", "0.3020"]
