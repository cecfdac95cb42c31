"""The form of "Try it", in a real browser, on a page opened from the disk: no server, no network."""

import re

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.book.page_frame import WEB
from songrec.data import Catalogue
from songrec.pages.try_it import Widget
from songrec.studies import try_it

pytestmark = pytest.mark.slow

SONGS = 300
TITLES = [f"Song {number}" for number in range(SONGS - 1)] + ["Café <b>Ünal</b>"]
ARTISTS = [f"Artist {number // 4}" for number in range(SONGS)]


@pytest.fixture(scope="module")
def small():
    """Random weights, many of them equal, negative ones among them."""
    random = np.random.default_rng(0)
    weights = random.integers(-3, 8, (SONGS, SONGS)) * (random.random((SONGS, SONGS)) < 0.1)
    np.fill_diagonal(weights, 0)
    weights[SONGS - 1] = 0
    return try_it.SmallModel(
        "ease", None, np.arange(SONGS, dtype=np.int32), csr_array(weights.astype(np.float32)), 0.01
    )


@pytest.fixture(scope="module")
def address(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    ids = np.array([f"s{number:03d}" for number in range(SONGS)])
    (folder / "runs" / "files").mkdir(parents=True)
    script = try_it.as_script(small, ids, Catalogue.from_columns(ids, TITLES, ARTISTS))
    (folder / "runs" / "files" / "try_it.js").write_text(script, "utf-8")
    (folder / "_static").symlink_to(WEB)
    head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Try it</title>'
    (folder / "runs" / "page.html").write_text(head + Widget("song")._repr_html_(), "utf-8")
    return (folder / "runs" / "page.html").as_uri()


@pytest.fixture
def page(chromium, address):
    window = chromium.new_context(viewport={"width": 360, "height": 800})
    page = window.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: said.type == "error" and wrong.append(said.text))
    page.goto(address)
    yield page
    assert wrong == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    window.close()


def test_lists_are_the_librarys_on_the_same_weights(page, small):
    """For twenty histories of one to forty songs, ties and all."""
    random = np.random.default_rng(1)
    histories = [random.choice(SONGS, size, replace=False).tolist() for size in range(1, 41, 2)]
    page.evaluate("document.getElementById('try-it').songbook.load()")
    for history in histories:
        heard = csr_array((np.ones(len(history)), (np.zeros(len(history), int), history)), shape=(1, SONGS))
        listed = page.evaluate("(heard) => document.getElementById('try-it').songbook.list(heard)", history)
        ours = small.recommend(heard, 10)[0][0]
        assert listed == ours[ours >= 0].tolist()


def test_nothing_is_loaded_before_the_form_is_used(page):
    assert page.evaluate("typeof songbookTryIt") == "function"
    assert page.locator("script[src*='files/']").count() == 0
    page.get_by_role("combobox").focus()
    assert page.locator("script[src*='files/']").count() == 1


def test_by_keyboard_a_title_is_found_picked_and_explained(page, small):
    box = page.get_by_role("combobox", name="Find a song by title or artist")
    box.focus()
    box.press_sequentially("song 17")
    page.get_by_role("option").first.wait_for()
    assert page.get_by_role("option").first.inner_text() == "Song 17 by Artist 4"
    box.press("ArrowDown")
    assert page.get_by_role("option", selected=True).inner_text() == "Song 17 by Artist 4"
    box.press("Enter")
    rows = page.get_by_role("list", name="Recommended songs").get_by_role("listitem")
    best = int(np.lexsort((np.arange(SONGS), -small.weights[[17]].toarray()[0]))[0])
    assert rows.count() == 10
    assert rows.first.inner_text().startswith(TITLES[best])
    assert "because of Song 17 by Artist 4 (100 %)" in rows.first.inner_text()
    assert f"The first is {TITLES[best]}" in page.get_by_role("status").inner_text()
    page.get_by_role("button", name="Remove Song 17 by Artist 4").press("Enter")
    assert rows.count() == 0


def test_an_artist_stands_for_songs_and_shares_add_up(page):
    box = page.get_by_role("combobox")
    box.focus()
    box.press_sequentially("artist 7")
    page.get_by_role("option", name="Artist 7 (artist: the 4 most played songs here)").click()
    box.press_sequentially("song 99")
    page.get_by_role("option").first.click()
    for line in page.locator(".why").all_inner_texts():
        shares = [int(share) for share in re.findall(r"\((\d+) %\)", line)]
        assert shares == sorted(shares, reverse=True)
        assert abs(sum(shares) - 100) <= 1


def test_accents_and_markup_of_titles_are_text(page):
    box = page.get_by_role("combobox")
    box.focus()
    box.press_sequentially("cafe unal")
    page.get_by_role("option").first.wait_for()
    assert "<b>" in page.get_by_role("option").first.inner_text()
    page.get_by_role("option").first.click()
    assert "say nothing" in page.get_by_role("status").inner_text()
    assert page.locator("#try-it b").count() == 0
