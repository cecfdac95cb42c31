"""The book in a real browser: no error, no call to the outside, a search that finds, pages that fit."""

import functools
import http.server
import re
import shutil
import threading
from pathlib import Path
from urllib.parse import urlsplit

import pytest

pytestmark = pytest.mark.built

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (1280, 390)
SHOWN = [
    *("index", "models", "benchmark", "brief", "recommendations", "api/models"),
    *("runs/index", "runs/02_explore", "runs/05_train", "runs/08_compare", "runs/studies/05_train.item_knn"),
]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def chromium():
    path = next(
        (
            found
            for name in ("chromium", "chromium-browser", "google-chrome")
            if (found := shutil.which(name))
        ),
        None,
    )
    if path is None:
        pytest.skip("needs a Chromium: apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs playwright")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address(site):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=site))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


class Visit:
    """One page in one window, and all that went wrong while it was open."""

    def __init__(self, browser, width: int, scheme: str = "light"):
        self.window = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        self.page = self.window.new_page()
        self.wrong: list[str] = []
        self.page.on(
            "console", lambda said: said.type in ("error", "warning") and self.wrong.append(said.text)
        )
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("request", self._request)
        self.page.on("requestfailed", self._failed)

    def _request(self, request):
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "127.0.0.1":
            self.wrong.append(f"asks another host: {request.url}")

    def _failed(self, request):
        if "ERR_ABORTED" not in request.failure:  # the next page was opened before an icon had come
            self.wrong.append(f"failed: {request.url}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.window.close()


def names(site: Path) -> list[str]:
    pages = [path.relative_to(site).with_suffix("").as_posix() for path in sorted(site.rglob("*.html"))]
    return [name for name in pages if "_static" not in name]


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_load_without_an_error_and_fit_their_window(chromium, address, site, width):
    """All pages in a wide window, some in a narrow one; some are kept as pictures to look at.

    Nothing but tables, code and figures may be wider than the window, and these can be moved.
    """
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    wrong, too_wide = {}, {}
    with Visit(chromium, width) as visit:
        for name in names(site) if width == max(WIDTHS) else SHOWN:
            visit.page.goto(f"{address}/{name}.html", wait_until="load")
            visit.page.wait_for_function(
                "window.MathJax === undefined || MathJax.startup?.promise !== undefined"
            )
            if name in SHOWN:
                picture = SCREENSHOTS / f"{name.replace('/', '-')}-{width}.png"
                visit.page.screenshot(path=picture, full_page=True)
            wide = visit.page.evaluate("document.documentElement.scrollWidth - window.innerWidth")
            if wide > 0:
                too_wide[name] = wide
            if visit.wrong:
                wrong[name], visit.wrong = visit.wrong, []
    assert len(names(site)) > 20
    assert wrong == {}
    assert too_wide == {}


def test_search_finds_a_word(chromium, address):
    with Visit(chromium, 1280) as visit:
        visit.page.goto(f"{address}/search.html?q=popularity", wait_until="load")
        visit.page.wait_for_selector("#search-results ul.search li", timeout=15_000)
        visit.page.wait_for_function(
            "/found \\d+ page|\\d+ page/.test(document.querySelector('#search-results').innerText)"
        )
        found = visit.page.locator("#search-results ul.search li a").all_inner_texts()
        assert any("Models: how does each fill a list?" in title for title in found)
        visit.page.goto(f"{address}/search.html?q=zzyzxqq", wait_until="load")
        visit.page.wait_for_function(
            "/did not match/.test(document.querySelector('#search-results').innerText)"
        )
        assert visit.wrong == []


def test_formulas_are_typeset(chromium, address):
    with Visit(chromium, 1280) as visit:
        visit.page.goto(f"{address}/metrics.html", wait_until="load")
        visit.page.wait_for_selector("mjx-container svg, mjx-container mjx-math", timeout=15_000)
        assert visit.page.locator("mjx-container").count() > 10
        assert visit.page.locator("mjx-merror").count() == 0
        assert visit.wrong == []


def test_the_answer_can_be_read_in_the_dark(chromium, address):
    """Text and its ground differ in lightness under both schemes."""
    grounds = {}
    for scheme in ("light", "dark"):
        with Visit(chromium, 1280, scheme) as visit:
            visit.page.goto(f"{address}/index.html", wait_until="load")
            visit.page.screenshot(path=SCREENSHOTS / f"index-{scheme}.png")
            read = "(e) => [getComputedStyle(e).color, getComputedStyle(document.body).backgroundColor]"
            ink, ground = visit.page.locator(".answer p").first.evaluate(read)
            light = [sum(map(int, re.findall(r"\d+", colour)[:3])) / 3 for colour in (ink, ground)]
            assert abs(light[0] - light[1]) > 120
            grounds[scheme] = light[1]
            assert visit.wrong == []
    assert grounds["dark"] < 80 < grounds["light"]
