"""What the page of the model size says, from tables that are made up."""

import pytest
from made_up import estimates, made_up_run, whole

from songrec.pages import model_size


def run(tmp_path, svd, knn, **options):
    """MAPs by rank; the full space has .100 in 8 MB. Half-widths are .01."""
    rows = [["item_knn", 900, 1.0, 8_000_000, "average_precision", 10, 0.100]]
    for model, sizes, size in (("pure_svd", svd, 40_000), ("reduced_item_knn", knn, 0)):
        rows += [
            [model, rank, rank / 100, rank * size or 8_000_000, "average_precision", 10, value]
            for rank, value in sizes.items()
        ]
    accuracy = estimates("model rank kept bytes metric k", rows, half=0.01)
    pairs = accuracy[1:].assign(**{name: accuracy[name] - 0.1 for name in ("value", "ci_low", "ci_high")})
    tables = {"accuracy": accuracy, "differences": pairs.drop(columns=["kept", "bytes", "se"])}
    return made_up_run(tmp_path, tables, stage="model_size", **options)


def test_facts_name_the_best_size_and_the_smallest_good_one(tmp_path):
    facts = model_size.facts(
        run(tmp_path, {5: 0.02, 20: 0.095, 50: 0.12, 80: 0.11}, {5: 0.01, 20: 0.05, 50: 0.06, 80: 0.07})
    )
    knn, svd = facts["smaller"]
    assert (svd["rank"], svd["near"], svd["at_most"]) == (50, [20, 50, 80], False)
    assert (knn["rank"], knn["near"], knn["at_most"]) == (80, [], True)
    assert facts["full"]["rank"] == 900


@pytest.mark.parametrize(
    ("svd", "knn", "options"),
    [
        ({5: 0.02, 20: 0.095, 50: 0.12}, {5: 0.01, 20: 0.05, 50: 0.06}, {}),
        ({5: 0.1}, {5: 0.3}, {"item": "artist", "synthetic": True}),
    ],
)
def test_findings_are_whole_sentences_whatever_was_found(tmp_path, svd, knn, options):
    whole(model_size.findings(run(tmp_path, svd, knn, **options)))


def test_tables_and_figures(tmp_path):
    made = run(tmp_path, {5: 0.02, 20: 0.095}, {5: 0.01, 20: 0.05})
    assert model_size.accuracy(made).columns["model"].cells[0] == "item-KNN, full space"
    heads = ["vector length", "PureSVD", "item-KNN on the factors"]
    assert list(model_size.differences(made).columns) == heads
    for figure in (model_size.by_rank(made), model_size.by_memory(made)):
        (axes,) = figure.canvas.axes
        assert axes.get_xscale() == "log"
        assert "log scale" in axes.get_xlabel()
