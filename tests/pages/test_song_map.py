"""The drawings of songs and artists, from tables that are made up."""

import re

from made_up import frame, made_up_run, whole

from songrec.pages import song_map


def run_of(folder, songs=2):
    rows = [["A <b>, by X", "X", 9, -1.0, 0.5, 0], ["B, by Y", "Y", 3, 1.0, -0.5, 1]][:songs]
    network = [["X", 0.0, 0.0, 1.0, "Y; Z & Co"], ["Y", 1.0, 0.0, 0.9, "Z & Co; X"]]
    network += [["Z & Co", -1.0, 0.0, 0.1, "Y"]]
    tables = {
        "map": frame("label artist listeners x y cluster", rows),
        "map_clusters": frame("cluster name x y songs", [[0, "X", -1, 0.5, 1], [1, "Y", 1, -0.5, 1]]),
        "map_network": frame("name x y cosine near", network),
    }
    named = {("recommend", name): table for name, table in tables.items()}
    return made_up_run(folder, named, {"recommend": {"map_model": "ease"}})


def test_marks_say_their_titles_as_text(tmp_path):
    html = song_map.song_map(run_of(tmp_path))._repr_html_()
    assert "<title>A &lt;b&gt;, by X</title>" in html
    assert html.count("<circle") == 2
    assert 'aria-label="A scatter of 2 songs in 2 groups: X and Y."' in html
    assert "EASE" in html


def test_lines_join_the_nearest_once(tmp_path):
    html = song_map.neighbourhood(run_of(tmp_path))._repr_html_()
    assert html.count("<line") == 3
    assert "Z &amp; Co: cosine 0.10" in html
    assert not re.search("nan", html)


def test_without_a_map_a_sentence_says_so(tmp_path):
    assert "No map of these songs" in whole(song_map.song_map(run_of(tmp_path, songs=0)))
    assert "No map of these songs" in whole(song_map.neighbourhood(made_up_run(tmp_path, name="old")))
