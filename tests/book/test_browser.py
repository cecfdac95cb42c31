"""The book in a real browser: no error, no call to the outside, a search that finds, pages that fit."""

import functools
import http.server
import json
import re
import threading
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import pytest
from scipy.sparse import csr_array

from songrec.studies.try_it import SmallModel

pytestmark = pytest.mark.built

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"
WIDTHS = (1280, 390)
SHOWN = [
    *("index", "models", "benchmark", "brief", "recommendations", "api/models"),
    *("runs/index", "runs/02_explore", "runs/05_train", "runs/08_compare", "runs/studies/05_train.item_knn"),
    *("all_results", "runs/14_recommend", "runs/18_try_it"),
]
AXE = ["index", "data", "benchmark", "all_results", "glossary", "bibliography", "404", "api/models"]
AXE += ["runs/index", "runs/08_compare", "runs/14_recommend", "runs/18_try_it"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


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


@pytest.mark.parametrize("metric", ["MAP", "NDCG", "mean reciprocal rank", "novelty"])
def test_search_finds_where_a_metric_is_defined_first(chromium, address, metric):
    with Visit(chromium, 1280) as visit:
        visit.page.goto(f"{address}/search.html?q={metric}", wait_until="load")
        visit.page.wait_for_selector("#search-results ul.search li", timeout=15_000)
        first = visit.page.locator("#search-results ul.search li a").first.inner_text()
        assert first.startswith("Metrics:")


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


def test_try_it_makes_the_lists_of_the_librarys_small_model(chromium, address, site):
    """For twenty histories, on the weights that the built page loads."""
    text = (site / "runs" / "files" / "try_it.js").read_text(encoding="utf-8")
    held = json.loads(text.partition("(")[2].rstrip(");\n"))
    n = len(held["titles"])
    kinds = {"ends": "<u4", "columns": "<u2" if n <= 1 << 16 else "<u4", "values": "i1"}
    ends, columns, values = (np.frombuffer(b64decode(held[name]), kind) for name, kind in kinds.items())
    weights = csr_array((values.astype(np.float32), columns.astype(np.int32), [0, *ends]), shape=(n, n))
    small = SmallModel("", None, np.arange(n, dtype=np.int32), weights, 1.0)
    random = np.random.default_rng(0)
    with Visit(chromium, 360) as visit:
        visit.page.goto(f"{address}/runs/18_try_it.html", wait_until="load")
        visit.page.evaluate("document.getElementById('try-it').songbook.load()")
        for size in range(1, 21):
            history = random.choice(n, size, replace=False)
            heard = csr_array((np.ones(size), (np.zeros(size, int), history)), shape=(1, n))
            listed = visit.page.evaluate(
                "(heard) => document.getElementById('try-it').songbook.list(heard)", history.tolist()
            )
            ours = small.recommend(heard, 10)[0][0]
            assert listed == ours[ours >= 0].tolist()
        assert visit.wrong == []


def test_all_results_are_filtered_sorted_and_taken_along(chromium, address):
    with Visit(chromium, 1280) as visit:
        visit.page.goto(f"{address}/all_results.html", wait_until="load")
        table = visit.page.locator(".filtered table.dataTable")
        table.locator("tbody td").nth(8).wait_for()
        whole = visit.page.locator(".filtered .dt-info").inner_text()
        visit.page.locator(".filtered .dt-search input").fill("EDLAE")
        visit.page.wait_for_function(
            "(before) => document.querySelector('.filtered .dt-info').innerText !== before", arg=whole
        )
        assert {row.split("\t")[2] for row in table.locator("tbody tr").all_inner_texts()} == {"EDLAE"}
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Download these rows as CSV").click()
        rows = Path(download.value.path()).read_text(encoding="utf-8-sig").splitlines()
        assert "Protocol" in rows[0]
        shown = [row for row in rows if "triplet holdout" in row]
        assert len(shown) > 10
        assert all("EDLAE" in row for row in shown)
        assert visit.wrong == []


def test_the_first_page_is_light(chromium, address):
    """Under a megabyte, without MathJax; the table's program is on its own page alone."""
    loaded: dict[str, int] = {}
    with Visit(chromium, 1280) as visit:
        visit.page.on("response", lambda answer: loaded.update({answer.url: len(answer.body())}))
        visit.page.goto(f"{address}/index.html", wait_until="networkidle")
    assert sum(loaded.values()) < 1_000_000, loaded
    assert not [url for url in loaded if "mathjax" in url.lower()]


def test_no_page_has_a_serious_finding_of_axe(chromium, address):
    """But for what the theme itself leaves."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="needs axe-playwright-python")
    found = {}
    for scheme in ("light", "dark"):
        with Visit(chromium, 1280, scheme) as visit:
            for name in AXE:
                visit.page.goto(f"{address}/{name}.html", wait_until="load")
                visit.page.wait_for_timeout(300)
                for finding in axe.Axe().run(visit.page).response["violations"]:
                    nodes = [node for node in finding["nodes"] if not theirs(finding["id"], node)]
                    if finding["impact"] in ("serious", "critical") and nodes:
                        found[scheme, name, finding["id"]] = [node["html"][:200] for node in nodes[:3]]
    assert found == {}


def theirs(rule: str, node: dict) -> bool:
    """Whether a finding is Sphinx's own: its list of citations has anchors between the items."""
    return rule == "aria-required-children" and "citation-list" in node["html"]


CUT = """() => [...document.querySelectorAll('.bd-article *')].filter((each) => {
  const style = getComputedStyle(each);
  const wide = each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1;
  const formula = each.closest('.math');
  return style.overflowX !== 'visible' && style.display !== 'inline' && wide && !formula;
}).map((each) => each.outerHTML.slice(0, 120))"""


def test_nothing_is_cut_in_print(chromium, address):
    """On paper nothing is wider than the sheet, and nothing hides what would have to be scrolled."""
    found = {}
    with Visit(chromium, 718) as visit:  # A4 without its margins, in CSS pixels
        visit.page.emulate_media(media="print")
        for name in SHOWN:
            visit.page.goto(f"{address}/{name}.html", wait_until="load")
            if hidden := visit.page.evaluate(CUT):
                found[name] = hidden[:3]
            wide = visit.page.evaluate(
                "document.querySelector('.bd-article').scrollWidth - window.innerWidth"
            )
            if wide > 0:
                found[name] = [*found.get(name, []), f"{wide} pixels too wide"]
    assert found == {}


def test_every_page_says_what_it_is_and_when_it_was_built(site):
    for name in set(names(site)) - {"genindex", "py-modindex", "search"}:
        html = (site / f"{name}.html").read_text(encoding="utf-8")
        assert 'property="og:title"' in html
        assert 'property="og:image"' in html
        assert re.search(r"Songbook [\d.]+, built on \d+ \w+ \d{4}", html)
    index = (site / "index.html").read_text(encoding="utf-8")
    assert re.search(r'<meta name="description" content="[^"]{60,}">', index)
