"""What the page says of the model that it holds, from tables that are made up."""

import pytest
from made_up import estimates, made_up_run, whole

from songrec.pages import try_it

TUNED = {"ease": {"value": 0.1}, "popularity": {"value": 0.3}}


def run_of(folder, **facts):
    rows = [["both", "overlap", 10, 0.8], ["model", "precision", 10, 0.13], ["small", "precision", 10, 0.12]]
    said = {"absent": "", "model": "ease", "songs": 900, "all_songs": 2000, "weights": 4000, "silent": 2}
    return made_up_run(
        folder,
        {("try_it", "agreement"): estimates("lists metric k", rows)},
        {
            "try_it": said | {"bytes": 1_500_000} | facts,
            "tune": TUNED,
        },
    )


def test_the_form_names_its_file_and_shows_no_markup_of_the_log(tmp_path):
    html = try_it.form(run_of(tmp_path))._repr_html_()
    assert 'data-weights="files/try_it.js"' in html
    assert 'src="../_static/try_it.js"' in html
    assert repr(try_it.form(run_of(tmp_path / "other"))) == "A form: pick songs, get a list."


def test_findings_state_model_size_and_agreement(tmp_path):
    run = run_of(tmp_path)
    text = whole(try_it.findings(run))
    for words in (
        "those of EASE",
        "winner is popularity",
        "900 songs of 2,000 songs",
        "1.5 MB",
        "0.12",
        "0.13",
    ):
        assert words in text
    assert "2 songs have no weight" in text
    table = try_it.agreement(run)
    assert len(table) == 3
    assert table.columns["mean"].cells[0].startswith("80")


@pytest.mark.parametrize(
    ("why", "said"), [("licence", "terms of this log"), ("model", "no model of this run")]
)
def test_where_there_is_no_form_a_sentence_says_why(tmp_path, why, said):
    run = run_of(tmp_path, absent=why)
    assert said in whole(try_it.form(run))
    assert said in whole(try_it.findings(run))
    assert len(try_it.agreement(run)) == 0
