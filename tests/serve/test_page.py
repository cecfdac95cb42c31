"""The page at `/` in a real browser, over a real service: by keyboard, in a narrow window, in the dark."""

import re
import shutil
from pathlib import Path
from urllib.parse import urlsplit

import pytest

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]
WEB = Path(__file__).resolve().parents[2] / "lib" / "songrec" / "serve" / "web"


@pytest.fixture(scope="module")
def chromium():
    names = ("chromium", "chromium-browser", "google-chrome")
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip("needs a Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def service(extra, tmp_path_factory):
    """A service on EASE over a synthetic world, whose songs have titles like real ones."""
    from served import served

    with served(synthetic_run(tmp_path_factory.mktemp("run"))) as asking:
        yield asking


def synthetic_run(folder):
    from types import SimpleNamespace

    from songrec.data import Catalogue, SyntheticWorld
    from songrec.models import EASE, ItemKNN
    from songrec.serve.run import ServedRun

    world = SyntheticWorld(300, 250, seed=4)
    log, table = world.interactions(), world.catalogue()
    catalogue = Catalogue.from_columns(*(table[name] for name in ("song_id", "title", "artist")))
    for label, model in (("EASE", EASE()), ("ItemKNN", ItemKNN())):
        model.fit(log.plays).save(folder / "models" / label, log.song_ids)
    labels = ["EASE", "ItemKNN"]
    winner = SimpleNamespace(
        winner=lambda among=None: next(one for one in labels if not among or one in among)
    )
    winner.facts = lambda stage: {label: {"value": None} for label in labels}
    known = {label: SimpleNamespace(estimator=label) for label in labels}
    paths = SimpleNamespace(profile="odd", processed=folder)
    return ServedRun(paths, known, winner, log.user_ids, log.song_ids, log, catalogue)


@pytest.fixture
def visit(chromium, service):
    """Opens the page; whatever went wrong meanwhile, or was asked of another host, fails the test."""
    windows, wrong = [], []

    def opened(width=1280, scheme="light", strict=False):
        # What the tests evaluate would be refused by the page's own policy: without `strict` that is off.
        window = chromium.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=not strict
        )
        windows.append(window)
        page = window.new_page()
        page.wrong = wrong
        page.on("console", lambda said: said.type in ("error", "warning") and wrong.append(said.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda one: urlsplit(one.url).port != service.port and wrong.append(one.url))
        page.goto(f"http://127.0.0.1:{service.port}/")
        page.wait_for_selector("#items li")
        return page

    yield opened
    for window in windows:
        window.close()
    assert [one for one in wrong if not one.startswith("data:")] == []


def titles(page):
    return page.locator("#items .title").all_inner_texts()


def settled(page):
    """No list is under way."""
    page.wait_for_function("!document.querySelector('#list').hasAttribute('aria-busy')")


def type_and_choose(page, text):
    page.fill("#search", text)
    page.wait_for_selector("#found [role=option]")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#history li').length > 0")
    settled(page)


def test_a_song_that_is_added_changes_the_list(visit):
    page = visit()
    assert page.inner_text("#heading") == "What most people play"
    before = titles(page)
    assert len(before) == 20
    page.click("#items li:nth-child(3) .add")
    page.wait_for_function("document.querySelector('#heading').innerText === 'What comes next'")
    settled(page)
    after = titles(page)
    assert before[2] not in after
    assert after != before
    assert page.locator("#history .title").all_inner_texts() == [before[2]]
    why = page.inner_text("#items li:first-child .why")
    assert why.startswith(f"because of {before[2]}")
    assert "100 %" in why
    page.click("#items li:first-child .add")
    settled(page)
    page.wait_for_function("document.querySelectorAll('#history li').length === 2")
    page.reload()
    page.wait_for_selector("#items li")
    assert page.locator("#history li").count() == 2, "a reload keeps the history"
    page.click("#clear")
    page.wait_for_function("document.querySelector('#heading').innerText === 'What most people play'")
    settled(page)
    assert titles(page) == before


def test_typing_errors_find_the_song(visit):
    page = visit()
    title = max(titles(page), key=len)
    typed = title[:3] + title[4:]
    page.fill("#search", typed)
    page.wait_for_selector("#found [role=option]")
    assert title in page.locator("#found .title").all_inner_texts()
    page.fill("#search", "zzzzqqqq")
    page.wait_for_selector("#found .none")
    page.keyboard.press("Escape")
    assert page.locator("#found").is_hidden()


def test_by_keyboard_alone(visit):
    """Skip link, search, arrows, Enter; the row in the place of one that was added has the focus."""
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "search"
    page.keyboard.type("the", delay=20)
    page.wait_for_selector("#found [role=option]")
    options = page.locator("#found .title").all_inner_texts()
    assert page.get_attribute("#search", "aria-expanded") == "true"
    assert page.get_attribute("#search", "aria-activedescendant") == "found-0"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert page.get_attribute("#search", "aria-activedescendant") == "found-1"
    assert page.locator("#found [aria-selected=true] .title").inner_text() == options[1]
    page.keyboard.press("Enter")
    page.wait_for_selector("#history li")
    assert page.locator("#history .title").all_inner_texts() == [options[1]]
    assert page.evaluate("document.activeElement.id") == "search"
    settled(page)
    page.focus("#items li:nth-child(2) .add")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#history li').length === 2")
    page.wait_for_function("document.activeElement.classList.contains('add')")
    assert (
        page.evaluate(
            "[...document.querySelector('#items').children].indexOf(document.activeElement.closest('li'))"
        )
        == 1
    )
    page.focus("#history li:first-child button")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelectorAll('#history li').length === 1")
    assert page.evaluate("document.activeElement.textContent") == "Remove"
    settled(page)


def test_similar_songs_in_a_dialog(visit):
    page = visit()
    page.focus("#items li:nth-child(1) .buttons button")
    label = page.evaluate("document.activeElement.getAttribute('aria-label')")
    assert label.startswith("Songs like ")
    page.keyboard.press("Enter")
    page.wait_for_selector("#like[open]")
    assert page.inner_text("#liketitle") == label
    assert page.locator("#likeitems li").count() > 3
    page.click("#likeitems li:first-child .add")
    assert page.locator("#likeitems li:first-child .add").is_disabled()
    page.keyboard.press("Escape")
    page.wait_for_selector("#like", state="hidden")
    page.wait_for_function("document.activeElement !== document.body")
    settled(page)
    assert page.locator("#history li").count() == 1


def test_a_screen_reader_is_told(visit):
    """Names, roles and what changed."""
    page = visit()
    assert re.match(r"20 songs in the list\. The first is .+ by .+\.", page.inner_text("#status"))
    assert page.get_by_role("combobox", name="Find a song by title or artist").count() == 1
    assert page.get_by_role("heading", level=1).count() == 1
    for role, name in (("list", "Songs that you play"), ("region", "What most people play"), ("main", None)):
        assert page.get_by_role(role, **({"name": name} if name else {})).count() == 1, role
    first = titles(page)[0]
    page.get_by_role("button", name=f"Add {first}").first.click()
    page.wait_for_function("/^Added .* songs in the list/.test(document.querySelector('#status').innerText)")
    unnamed = page.evaluate(
        "[...document.querySelectorAll('button, input, select')].filter((e) => e.checkVisibility() && "
        "!(e.textContent.trim() || e.labels?.length || e.ariaLabel)).length"
    )
    assert unnamed == 0
    settled(page)


def test_the_lists_options(visit):
    page = visit()
    type_and_choose(page, titles(page)[0])
    page.click("summary")
    page.select_option("#n", "10")
    page.wait_for_function("document.querySelectorAll('#items > li').length === 10")
    page.select_option("#artist", "1")
    page.wait_for_timeout(50)
    settled(page)
    artists = page.locator("#items .artist").all_inner_texts()
    assert len(set(artists)) == len(artists) == 10
    before = titles(page)
    page.locator("#diversity").fill("0.9")
    page.wait_for_timeout(50)
    settled(page)
    assert titles(page) != before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1280])
def test_it_fits_and_can_be_read(visit, width, scheme):
    """Nothing is wider than the window, fingers find the buttons, text has a contrast of 4.5 to 1."""
    page = visit(width, scheme)
    type_and_choose(page, titles(page)[0])
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"service-{scheme}-{width}.png", full_page=True)
    page.fill("#search", "the")
    page.wait_for_selector("#found [role=option]")
    page.screenshot(path=SCREENSHOTS / f"service-search-{scheme}-{width}.png")
    assert page.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0
    page.keyboard.press("Escape")
    small = page.evaluate(
        "[...document.querySelectorAll('button, #search')].filter((e) => e.checkVisibility())"
        ".map((e) => [e.textContent, e.getBoundingClientRect()])"
        ".filter(([text, box]) => box.height < 44 || box.right > innerWidth).map(([text]) => text)"
    )
    assert small == []
    for selector in (".title", ".artist", ".why", "#said", ".add", "#clear", "footer a", "h2"):
        ink, ground = page.locator(selector).first.evaluate(
            "(e) => { const ink = getComputedStyle(e).color; while (e && "
            "getComputedStyle(e).backgroundColor.endsWith(', 0)')) e = e.parentElement; "
            "return [ink, getComputedStyle(e || document.body).backgroundColor]; }"
        )
        assert contrast(ink, ground) >= 4.5, (selector, ink, ground)
    page.click("#items li:nth-child(2) .buttons button")
    page.wait_for_selector("#like[open]")
    page.screenshot(path=SCREENSHOTS / f"service-similar-{scheme}-{width}.png")
    assert page.evaluate("document.querySelector('#like').scrollWidth - innerWidth") <= 0


def contrast(*colours):
    """Of two colours by WCAG 2.2."""

    def luminance(colour):
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    low, high = sorted(map(luminance, colours))
    return (high + 0.05) / (low + 0.05)


def test_markup_in_titles_is_text(visit):
    page = visit()
    odd = "<img src=x onerror=alert(1)>"
    song = {"id": "a/b", "title": odd, "artist": "<b>x</b>", "score": 1.0, "rung": "popular", "why": []}
    told = {"list": "l", "version": "v", "rung": "popular", "complete": True, "why_exact": True}
    page.route(
        "**/v1/recommendations",
        lambda route: route.fulfill(json=told | {"unknown_songs": [], "items": [song]}),
    )
    page.click("summary")
    page.select_option("#n", "50")
    page.wait_for_function("document.querySelectorAll('#items > li').length === 1")
    assert titles(page) == [odd]
    assert page.locator("#items img, #items b").count() == 0


def test_what_goes_wrong_is_said_and_passes(visit):
    page = visit()
    page.click("summary")
    for answer, said in (
        (lambda route: route.abort(), "The service cannot be reached"),
        (
            lambda route: route.fulfill(status=503, json={"detail": "too many requests wait"}),
            "too many requests",
        ),
        (lambda route: route.fulfill(status=500, body="oops"), "answered with an error (500)"),
    ):
        page.route("**/v1/recommendations", answer)
        page.select_option("#n", "50")
        page.wait_for_function(f"document.querySelector('#wrong').innerText.includes({said!r})")
        page.unroute("**/v1/recommendations")
        page.select_option("#n", "20")
        page.wait_for_function("document.querySelector('#wrong').innerText === ''")
    page.wait_for_timeout(100)
    page.wrong.clear()  # the browser's own words about these answers


def test_a_key_is_asked_for(chromium, extra, tmp_path):
    from served import served

    with served(synthetic_run(tmp_path), api_key="open") as asking:
        window = chromium.new_context()
        page = window.new_page()
        page.goto(f"http://127.0.0.1:{asking.port}/")
        page.wait_for_selector("#locked", state="visible")
        page.keyboard.type("open")
        page.keyboard.press("Enter")
        page.wait_for_selector("#items li")
        assert page.locator("#locked").is_hidden()
        assert page.inner_text("#wrong") == ""
        window.close()


def test_its_own_policy_lets_it_work(visit):
    page = visit(strict=True)
    page.fill("#search", titles(page)[0])
    page.wait_for_selector("#found [role=option]")
    page.keyboard.press("Enter")
    page.wait_for_selector("#items .why")
    refused = page.evaluate("fetch('http://127.0.0.1:9/').catch((error) => error.message)")
    assert refused == "Failed to fetch"
    assert any("Content Security Policy" in said for said in page.wrong)
    page.wrong.clear()


def test_it_asks_for_nothing_from_elsewhere():
    """By its own text: no address of another host, and a policy that would refuse one."""
    for file in WEB.iterdir():
        text = file.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
        assert "http://" not in text
        assert "https://" not in text
    assert "default-src 'none'" in (WEB / "index.html").read_text(encoding="utf-8")
