"""The site: every page alive with no kernel, quiet with every other machine refused, and accessible.

`make test-site` builds it before.
"""

import functools
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import pytest
from pages import HTML, open_page, serious, served, try_player

pytestmark = pytest.mark.site

PAGES = sorted(
    str(path.relative_to(HTML))
    for path in HTML.rglob("*.html")
    if path.parent.name not in {"slides", "_static"}
)
CHAPTERS = [page for page in PAGES if re.match(r"chapters/\d\d", page)]


@pytest.fixture(scope="module")
def site():
    with served(HTML) as address:
        yield address


def test_the_site_is_built():
    assert {"index.html", "search.html", "chapters/01_gradient_descent.html"} <= set(PAGES), "make book"


@pytest.mark.parametrize("name", PAGES)
def test_page(name, site, visit):
    page = visit.page
    open_page(page, f"{site}/{name}")
    for player in page.locator(".downhill-player").all():
        try_player(page, player)
    headings = page.locator(":is(h1, h2, h3, h4, h5, h6):visible").all()
    levels = [int(heading.evaluate("heading => heading.tagName[1]")) for heading in headings]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(b <= a + 1 for a, b in pairwise(levels)), f"headings jump: {levels}"
    pictures = page.locator("article img:not(.downhill-player img)").all()
    alts = [picture.get_attribute("alt") or "" for picture in pictures]
    assert all(len(alt) >= 30 for alt in alts), f"alternative texts: {alts}"
    assert serious(page) == []
    page.set_viewport_size({"width": 390, "height": 800})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} px wide on a narrow screen"
    visit.assert_quiet()


@pytest.mark.parametrize("name", CHAPTERS)
def test_chapter_in_the_dark(name, site, visit):
    page = visit.page
    page.emulate_media(color_scheme="dark")
    open_page(page, f"{site}/{name}")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    if players := page.locator(".downhill-player").count():
        page.wait_for_function(
            "n => document.querySelectorAll('.downhill-player.dark').length === n", arg=players
        )
    assert serious(page) == []
    visit.assert_quiet()


def test_search_finds_a_chapter(site, visit):
    page = visit.page
    page.goto(f"{site}/search.html?q=zig-zags")
    page.locator("#search-results li a").first.wait_for()
    assert "chapters/01_gradient_descent" in page.locator("#search-results").inner_html()
    visit.assert_quiet()


def test_a_chapter_from_a_file(visit):
    page, asked = visit.page, []
    page.context.unroute_all()
    page.on("request", lambda request: asked.append(request.url))
    open_page(page, (HTML / "chapters" / "01_gradient_descent.html").as_uri())
    try_player(page, page.locator(".downhill-player").first)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert visit.complaints == []


@pytest.mark.parametrize("lost", ["tex-svg.js", "players.js", "downhill.css"])
def test_a_lost_file_is_noticed(lost, site, visit):
    visit.page.context.route(f"**/{lost}*", lambda route: route.fulfill(status=404))
    visit.page.goto(f"{site}/chapters/01_gradient_descent.html")
    visit.page.wait_for_load_state("networkidle")
    with pytest.raises(AssertionError, match="404"):
        visit.assert_quiet()


def test_a_player_without_its_saved_state_is_noticed(site, visit):
    def lose(route):
        response = route.fetch()
        route.fulfill(response=response, body=re.sub(r'"[0-9a-f]{32}": \{', '"x": {', response.text()))

    visit.page.context.route("**/01_gradient_descent.html", lose)
    visit.page.goto(f"{site}/chapters/01_gradient_descent.html")
    visit.page.wait_for_load_state("networkidle")
    with pytest.raises(AssertionError, match="no saved state"):
        visit.assert_quiet()


# Links.


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.targets, self.loads = set(), [], []

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.ids.update(filter(None, [given.get("id"), given.get("name") if tag == "a" else None]))
        if tag == "a" and given.get("href"):
            self.targets.append(given["href"])
        if tag in {"script", "img", "link", "iframe", "source"}:
            self.loads += filter(None, [given.get("src"), given.get("href")])


@functools.cache
def parsed(path):
    links = Links()
    links.feed(path.read_text(encoding="utf-8"))
    return links


def lost(path):
    """The links of a page that lead nowhere, and what it would load from elsewhere."""
    page = parsed(path)
    yield from (target for target in page.loads if urlsplit(target).scheme not in {"", "data"})
    for target in page.targets + page.loads:
        parts = urlsplit(target)
        if parts.scheme or parts.netloc:
            continue
        file = (path.parent / unquote(parts.path)).resolve() if parts.path else path
        anchored = parts.fragment and file.suffix == ".html" and file.parent.name != "slides"
        if not file.is_file() or (anchored and unquote(parts.fragment) not in parsed(file).ids):
            yield target


@pytest.mark.parametrize(
    "name", PAGES + sorted(f"slides/{path.name}" for path in (HTML / "slides").glob("*.html"))
)
def test_links_lead_somewhere(name):
    assert list(lost(HTML / name)) == []


def test_equations_and_works_are_linked():
    chapter = (HTML / "chapters" / "01_gradient_descent.html").read_text(encoding="utf-8")
    links = Counter(re.findall(r'href="[^"]*#(eq-\d+-\d+|cite-\w+)"', chapter))
    assert links["eq-1-7"] >= 1 and links["cite-nocedal2006numerical"] >= 2
