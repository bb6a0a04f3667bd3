"""The site: every page alive with no kernel, quiet with every other machine refused, and accessible.

`make test-site` builds it before.
"""

import functools
import re
from collections import Counter
from html.parser import HTMLParser
from itertools import pairwise
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from lab import visit as visit_page
from pages import HTML, LOADED, moved, open_page, served, try_player, violations, weight
from paper import assert_same, look, pictured, printed

from lib.plotting import style

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
    assert violations(page, "html") == []
    page.set_viewport_size({"width": 390, "height": 800})
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 390, f"the page is {width} px wide on a narrow screen"
    visit.assert_quiet()


@pytest.mark.parametrize(
    "name", ["chapters/01_gradient_descent.html", "playground.html", "slides/01_gradient_descent.html"]
)
def test_scripts_of_the_site_only(name, site, visit):
    """Where a page may run files of its own and no other script, players drag, slide and step all the same."""
    page = visit.page

    def strict(route):
        response = route.fetch()
        headers = response.headers | {"content-security-policy": "script-src 'self'"}
        route.fulfill(response=response, headers=headers)

    page.route("**/*.html", strict)
    page.goto(f"{site}/{name}")
    page.wait_for_selector(".downhill-player", state="attached")
    player = page.locator(".downhill-player").first
    if name.startswith("slides"):
        page.locator(".reveal.ready").wait_for()
        slide = page.evaluate(
            """() => { const slide = document.querySelector('section:has(.downhill-player)');
                const at = Reveal.getIndices(slide); Reveal.slide(at.h, at.v, 99); return at; }"""
        )
        assert slide["h"] > 0
    player.scroll_into_view_if_needed()
    try_player(page, player)
    deck = name.startswith("slides")  # its settings for MathJax are inline, are refused, and missed
    assert [text for text in visit.complaints if not (deck and "Content Security Policy" in text)] == []


def test_a_link_opens_the_playground_there(site, visit):
    page = visit.page
    page.goto(
        f"{site}/playground.html#link=1&player=1&surface=booth&rules=adam,gd&schedule=cosine&gd_lr=0.02&step=7"
    )
    player = page.locator(".downhill-player")
    player.wait_for()
    assert player.get_attribute("aria-label") == "Player: adam, gd on booth"
    assert player.get_by_role("slider", name="η of gd").get_attribute("aria-valuetext") == "0.02"
    assert player.get_by_role("slider", name="Step", exact=True).input_value() == "7"
    page.evaluate("navigator.clipboard.writeText = async (text) => (window.copied = text)")
    player.get_by_role("button", name="Link", exact=True).click()
    link = page.evaluate("copied")
    assert "surface=booth&rules=adam,gd&schedule=cosine" in link and "gd_lr=0.02" in link
    page.goto("about:blank")
    page.goto(link.replace("step=7", "step=8").replace("surface=booth", "surface=moon"))
    page.wait_for_function("document.querySelector('.status').textContent.includes('no surface moon')")
    assert player.get_attribute("aria-label") == "Player: adam, gd on beale"
    visit.assert_quiet()


def test_a_link_has_the_argument_of_a_surface(site, visit):
    page = visit.page
    page.goto(f"{site}/playground.html#link=1&player=1&surface=ravine&rules=gd&schedule=constant&kappa=37.5")
    kappa = page.get_by_role("slider", name="κ, in the code kappa")
    kappa.wait_for()
    assert kappa.get_attribute("aria-valuetext") == "37.5"
    page.evaluate("navigator.clipboard.writeText = async (text) => (window.copied = text)")
    kappa.press("ArrowRight")
    page.get_by_role("button", name="Link", exact=True).click()
    link = page.evaluate("copied")
    assert "surface=ravine" in link and "kappa=100&" in link
    page.get_by_role("button", name="Copy code").click()
    assert "descend(ravine(kappa=100), " in page.evaluate("copied")
    page.goto("about:blank")
    page.goto(link.replace("kappa=100", "kappa=0.5"))
    page.wait_for_function(
        "document.querySelector('.status').textContent.includes('kappa is 0.5, its slider goes')"
    )
    visit.assert_quiet()


def test_a_link_says_which_player_of_a_page(site, visit):
    page = visit.page
    name = next(n for n in CHAPTERS if (HTML / n).read_text("utf-8").count("widget-view+json") > 1)
    page.goto(f"{site}/{name}#link=1&player=2&step=3")
    page.wait_for_function(
        "document.querySelectorAll('.downhill-player')[1]?.querySelector('.scrub input').value === '3'"
    )
    first = page.locator(".downhill-player").first.get_by_role("slider", name="Step", exact=True)
    assert first.input_value() != "3"
    visit.assert_quiet()


@pytest.mark.parametrize("name", CHAPTERS)
def test_weight(name, site, visit):
    """Without pictures and players' runs a chapter loads at most 1.5 MB, and nothing but these few files."""
    page = visit.page
    open_page(page, f"{site}/{name}")
    loaded = weight(page)
    assert sum(loaded.values()) - loaded["pictures"] - loaded["runs"] <= 1_500_000
    assert loaded["style"] <= 300_000 and loaded["other"] == 0
    assert page.evaluate("document.getElementsByTagName('*').length") <= 15_000
    files = {re.sub(r"-\w{8}\b", "", path) for path, _ in page.evaluate(LOADED)}
    scripts = {path.rpartition("/")[2] for path in files if path.endswith(".js")}
    own = {"theme.js", "site.js", "players.js", "player.js"}
    assert scripts <= own | {"documentation_options.js", "clipboard.min.js", "copybutton.js"}
    assert page.locator("link[rel=stylesheet]").count() == 3
    visit.assert_quiet()


def test_formulas_are_there_before_any_script(site, visit):
    """Each is set in the page, in the font that came with the styles: nothing moves when it arrives."""
    page = visit.page
    page.route("**/*.js*", lambda route: route.abort())
    page.goto(f"{site}/chapters/08_adam.html")
    assert page.locator(".math").count() == page.locator(".math > math").count() > 200
    assert page.evaluate("document.fonts.check('20px \"STIX Two Math\"')")
    assert [
        words for words in page.locator("article p").all_inner_texts() if re.search(r"[$\\]", words)
    ] == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize(
    ("name", "which"),
    [("index", 0), ("playground", 0), ("chapters/08_adam", 2), ("chapters/12_beyond_adam", 3)],
)
def test_a_player_finds_its_place(name, which, width, site, visit):
    """However late its script is: what stands around it stays."""
    page, held = visit.page, []
    page.set_viewport_size({"width": width, "height": 900})
    page.route("**/players.js*", lambda route: held.append(route))
    page.goto(f"{site}/{name}.html", wait_until="commit")
    place = page.locator("[type$='widget-view+json'] + *").nth(which)
    place.wait_for(state="attached")
    page.locator(".foot").wait_for()
    page.evaluate("document.fonts.ready")
    place.evaluate("place => scrollTo(0, place.getBoundingClientRect().top + scrollY - 300)")
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    before = moved(page)
    held[0].continue_()
    page.locator(".downhill-player").nth(which).wait_for()
    page.wait_for_load_state("networkidle")
    assert moved(page) - before < 0.02
    visit.assert_quiet()


SHORT = """() => { const width = () => document.documentElement.getBoundingClientRect().width, before = width();
    document.body.style.display = "none"; return [width(), before]; }"""


def test_a_scrollbar_has_its_place_from_the_first_line_on(site, visit):
    """It comes when enough of a page has: the lines already there keep their length."""
    open_page(visit.page, f"{site}/chapters/11_schedules.html")
    short, long = visit.page.evaluate(SHORT)
    assert short == long


IN_TEXT = "formulas => formulas.filter((one) => getComputedStyle(one).overflowX !== 'visible' || one.tabIndex >= 0).length"
WRONG_STOPS = (
    "boxes => boxes.filter((one) => (one.tabIndex >= 0) !== (one.scrollWidth > one.clientWidth + 1)).length"
)
CUT = """() => [...document.querySelectorAll("article :is(.math, pre, table, p)")].filter((one) => one.checkVisibility()
    && one.scrollWidth > one.clientWidth + 1 && one.clientWidth && getComputedStyle(one).display !== "inline"
    && getComputedStyle(one).overflowX === "visible" && !one.closest(".scrolls, .downhill-player")).map((one) => one.textContent.slice(0, 80))"""


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("name", CHAPTERS)
def test_what_is_wide_scrolls(name, width, site, visit):
    """A formula in the text does not scroll; a displayed one, code and a table do when they are too wide, and are
    a tab stop only then; on a phone a formula in the text that is too wide is displayed."""
    page = visit.page
    page.set_viewport_size({"width": width, "height": 900})
    open_page(page, f"{site}/{name}")
    assert page.locator("span.math:not(.wide)").evaluate_all(IN_TEXT) == 0
    assert (
        page.locator("article :is(.equation .math, span.math.wide, .scrolls, pre)").evaluate_all(WRONG_STOPS)
        == 0
    )
    assert page.evaluate(CUT) == []
    assert width < 1000 or page.locator("span.math.wide").count() <= 2  # longer than a line
    assert moved(page) < 0.02
    visit.assert_quiet()


TO_PLAYER = "!!document.activeElement.closest('.downhill-player')"


def test_the_tab_key_reaches_a_player(site, visit):
    page = visit.page
    open_page(page, f"{site}/chapters/08_adam.html")
    tabs = 0
    while not page.evaluate(TO_PLAYER):
        page.keyboard.press("Tab")
        tabs += 1
        assert tabs <= 40


def test_the_arrow_keys_go_to_all_copy_buttons(site, visit):
    page = visit.page
    open_page(page, f"{site}/chapters/08_adam.html")
    buttons = page.locator(".copybtn:visible")
    page.locator(".copybtn[tabindex='0']").focus()
    for i in range(buttons.count()):
        assert buttons.nth(i).evaluate("button => button === document.activeElement && button.tabIndex === 0")
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert buttons.nth(buttons.count() - 2).evaluate("button => button === document.activeElement")
    assert page.locator(".copybtn[tabindex='0']").count() == 1


@pytest.mark.parametrize("how", ["by the reader", "in the dark", "in the book"])
def test_a_printed_page_shows_its_players(how, site, visit):
    page = visit.page
    open_page(page, f"{site}/chapters/00_start_here.html")
    marks = {name: style(name)["color"] for name in ("gd", "adam")}
    players = page.locator(".downhill-player")
    shown = look(pictured(players.first), marks)
    if how == "in the dark":
        page.emulate_media(color_scheme="dark")
        page.wait_for_selector(".downhill-player.dark")
    if how == "in the book":  # as tools/pdf.py does
        page.set_viewport_size({"width": 673, "height": 950})
        page.emulate_media(media="print")
    pages = printed(page, format="A4")
    assert not any("Press Play" in words for _, words in pages)
    assert sum(words.count("‖∇f‖") for _, words in pages) == players.count() > 1
    picture = next(picture for picture, words in pages if "‖∇f‖" in words)
    assert_same(look(picture, marks), shown)
    assert (np.asarray(picture.convert("L")) < 60).mean() > 0.01, "the text is not dark"
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
    assert violations(page, "html") == []
    visit.assert_quiet()


@pytest.mark.parametrize(
    ("sought", "first"),
    [
        ("zig-zags", "chapters/01_gradient_descent.html#condition-number"),
        ("(3.1)", "chapters/03_momentum.html#eq-3-1"),
        ("rmsprop_momentum", "api/optimizers.html#lib.optimizers.rmsprop_momentum"),
        ("spectral radius", "chapters/03_momentum.html"),
    ],
)
def test_search_finds(sought, first, visit):
    """Words, numbers of equations and names of functions, from a file, with an excerpt a reader can read."""
    page = visit.page
    page.context.unroute_all()
    page.goto(f"{(HTML / 'search.html').as_uri()}?q={sought}")
    page.locator("#search-results li").first.wait_for()
    links = page.locator("#search-results li > a").evaluate_all(
        "all => all.map((a) => a.getAttribute('href'))"
    )
    assert any(link.startswith(first) for link in links[:3]), links[:3]
    for words in page.locator("#search-results p").all_inner_texts():
        assert not re.search(r"[$\\]|Settings", words), words
    assert violations(page, "html") == []
    assert visit.complaints == []


@pytest.mark.parametrize(
    ("name", "where", "words"),
    [
        ("08_adam", "#eq-8-3", "E[g2]"),
        ("08_adam", "#cite-kingma2015adam", "Adam: A Method"),
        ("00_start_here", "06_rmsprop.html", "Forget the past"),
    ],
)
def test_a_link_shows_where_it_leads(name, where, words, site, visit):
    """To a pointer and to the Tab key; Escape puts it away."""
    page = visit.page
    open_page(page, f"{site}/chapters/{name}.html")
    box = page.locator("#preview")
    link = page.locator(f"article a[href$='{where}']").first
    link.scroll_into_view_if_needed()
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    link.hover()
    page.wait_for_function(
        "words => document.getElementById('preview').textContent.includes(words)", arg=words
    )
    assert box.is_visible() and violations(page, "html") == []
    page.keyboard.press("Escape")
    assert not box.is_visible()
    page.mouse.move(0, 300)
    link.focus()
    box.wait_for(state="visible")
    assert link.get_attribute("aria-describedby") == "preview"
    visit.assert_quiet()


def test_the_main_path_is_one_switch(site, visit):
    page = visit.page
    open_page(page, f"{site}/chapters/08_adam.html")
    deeper = page.get_by_role("heading", name="Deeper: the longest step, proved")
    listed = page.locator("#pages").get_by_role("link", name="Deeper: the longest step, proved")
    assert deeper.is_visible() and listed.is_visible()
    page.get_by_role("switch").press("Space")
    assert not deeper.is_visible() and not listed.is_visible()
    assert page.get_by_role("heading", name="In practice").is_visible()
    page.goto(f"{site}/chapters/03_momentum.html")
    assert not page.get_by_role("heading", name="Deeper: the factor t").is_visible(), (
        "the next chapter forgets"
    )
    page.goto(f"{site}/chapters/08_adam.html#deeper-the-race")
    page.get_by_role("heading", name="Deeper: the race").wait_for()
    visit.assert_quiet()


def test_the_list_of_pages_follows(site, visit):
    page = visit.page
    open_page(page, f"{site}/chapters/08_adam.html")
    page.locator("#write-it").evaluate("section => section.scrollIntoView()")
    page.wait_for_function("document.querySelector('#pages [aria-current=location]')?.hash === '#write-it'")
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.locator("#pages").is_visible()
    page.get_by_role("button", name="Contents").click()
    link = page.locator("#pages").get_by_role("link", name="In practice")
    assert link.bounding_box()["height"] >= 44
    link.click()
    assert not page.locator("#pages").is_visible() and page.url.endswith("#in-practice")
    page.get_by_role("button", name="Contents").press("Enter")
    page.locator("#pages").wait_for(state="visible")
    page.keyboard.press("Escape")
    assert not page.locator("#pages").is_visible()
    visit.assert_quiet()


def test_light_and_dark_are_kept(site, visit):
    page = visit.page
    page.goto(f"{site}/index.html")
    button = page.get_by_role("button", name="Colours:")
    themes = []
    for _ in range(3):
        button.press("Enter")
        themes.append(page.evaluate("document.documentElement.dataset.theme"))
    assert themes == ["light", "dark", "light"]
    button.press("Enter")
    button.press("Enter")
    page.goto(f"{site}/bibliography.html")
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    visit.assert_quiet()


KINDS = ["index", "chapters/01_gradient_descent", "chapters/13_fair_comparison"]
KINDS += ["chapters/exercises/03_momentum", "api/wrappers", "which", "figures", "playground", "search"]
# What a finger presses, links in running text apart; what is ticked is as large as its words.
SMALL = """() => [...document.querySelectorAll("button, input, select, summary, label:has(input), .turn a, header a")]
    .filter((one) => one.checkVisibility() && !one.matches("label input, .skip, [type=range]"))
    .filter((one) => one.getBoundingClientRect().height < 43.5).map((one) => one.outerHTML.slice(0, 90))"""
# Text below 12 px, in formulas and drawings below 9: as it is shown.
TINY = """() => { const found = new Set(), texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) { const one = texts.currentNode.parentElement;
      if (!texts.currentNode.data.trim() || !one.checkVisibility({ visibilityProperty: true })) continue;
      if (one.closest("script, style, .read, .unseen")) continue;
      const drawn = one.closest("svg"), scale = drawn?.viewBox.baseVal?.width ? drawn.clientWidth / drawn.viewBox.baseVal.width : 1;
      const size = parseFloat(getComputedStyle(one).fontSize) * scale;
      if (size < (drawn || one.closest("math, sub, sup") ? 9 : 12) - 0.1) found.add(`${size} px: ${one.outerHTML.slice(0, 90)}`); }
    return [...found]; }"""
# By how much a figure's own pixels are shown smaller; a sheet's figures are there to be opened.
SHRUNK = """() => Math.min(1, ...[...document.querySelectorAll(".cell_output img, p > img")].map((one) =>
    one.getBoundingClientRect().width / one.naturalWidth))"""
# How high a player is from Play to its loss; the playground, which has a page, is higher.
PLAYED = """() => Math.max(0, ...[...document.querySelectorAll(".player:not(.playground) .downhill-player")].map((one) =>
    one.querySelector(".loss").getBoundingClientRect().bottom - one.getBoundingClientRect().top))"""
SMALLEST = 7 * 100 / 72  # pixels of 7 pt, the smallest type in a figure: the exponents on its axes


@pytest.mark.parametrize("name", KINDS)
def test_on_a_phone(name, site, browser):
    """Targets of 44 px, letters that can be read, in the dark too; figures scroll rather than shrink."""
    with visit_page(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True) as seen:
        page = seen.page
        open_page(page, f"{site}/{name}.html{'?q=step' if name == 'search' else ''}")
        assert page.evaluate(SMALL) == []
        assert page.evaluate(TINY) == []
        assert page.evaluate(SHRUNK) * SMALLEST >= 9
        assert page.evaluate(PLAYED) <= 844 - 52  # a screen under the bar
        assert page.evaluate("document.documentElement.scrollWidth") == 390
        page.emulate_media(color_scheme="dark")
        page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
        assert violations(page, "html", rules=["color-contrast"]) == []
        seen.assert_quiet()


def test_a_chapter_from_a_file(visit):
    page, asked = visit.page, []
    page.context.unroute_all()
    page.on("request", lambda request: asked.append(request.url))
    open_page(page, (HTML / "chapters" / "01_gradient_descent.html").as_uri())
    try_player(page, page.locator(".downhill-player").first)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert visit.complaints == []


@pytest.mark.parametrize("lost", ["faces.css", "players.js", "downhill.css"])
def test_a_lost_file_is_noticed(lost, site, visit):
    visit.page.context.route(f"**/{lost}*", lambda route: route.fulfill(status=404))
    with visit.page.expect_event("console", lambda message: message.type == "error"):
        visit.page.goto(f"{site}/chapters/01_gradient_descent.html")
    with pytest.raises(AssertionError, match="404"):
        visit.assert_quiet()


def test_a_player_without_its_saved_state_is_noticed(site, visit):
    def lose(route):
        response = route.fetch()
        route.fulfill(response=response, body=re.sub(r'"[0-9a-f]{32}": \{', '"x": {', response.text()))

    visit.page.context.route("**/01_gradient_descent.html", lose)
    with visit.page.expect_event("pageerror"):
        visit.page.goto(f"{site}/chapters/01_gradient_descent.html")
    with pytest.raises(AssertionError, match="no saved state"):
        visit.assert_quiet()


# Links.


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.ids, self.targets, self.loads = set(), [], []
        self.has, self.title, self.unsized, self.silent = Counter(), "", [], []
        self.link, self.in_title = None, False

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.has[tag] += 1
        self.has["lang"] += tag == "html" and given.get("lang") == "en"
        if tag == "meta" and given.get("name") == "description":
            self.description = given["content"]
        if tag == "meta" and given.get("name") == "viewport":
            self.viewport = given["content"]
        if tag == "img" and not (given.get("width") and given.get("height")):
            self.unsized.append(given.get("src"))
        if tag == "a" and given.get("href"):
            self.link = (given["href"], given.get("aria-label") or "")
        if tag == "img" and self.link:
            self.link = (self.link[0], self.link[1] + (given.get("alt") or ""))
        self.in_title = tag == "title"
        self.ids.update(filter(None, [given.get("id"), given.get("name") if tag == "a" else None]))
        if tag == "a" and given.get("href"):
            self.targets.append(given["href"])
        if tag in {"script", "img", "link", "iframe", "source"}:
            self.loads += filter(None, [given.get("src"), given.get("href")])

    def handle_data(self, data):
        if self.in_title:
            self.title += data
        if self.link:
            self.link = (self.link[0], self.link[1] + data)

    def handle_endtag(self, tag):
        self.in_title = False
        if tag == "a" and self.link:
            if not re.search(r"\w", self.link[1]) and not self.link[1].startswith("#"):
                self.silent.append(self.link[0])
            self.link = None


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


def test_formulas_have_the_styles_that_they_name(site, visit):
    """A bar over a letter is drawn by a style: without it the formula is another one."""
    css = (HTML / "_static" / "downhill.css").read_text(encoding="utf-8")
    named = set()
    for name in PAGES:
        for formula in re.findall(r"<math.*?</math>", (HTML / name).read_text(encoding="utf-8"), re.DOTALL):
            named |= {one for given in re.findall(r'class="([^"]*)"', formula) for one in given.split()}
    plain = {"tml-display", "tml-jot", "mathcal"}  # as large, as apart and as written without a rule
    assert {one for one in named - plain if f".{one}" not in css} == set()
    page = visit.page
    open_page(page, f"{site}/chapters/01_gradient_descent.html")
    bars = "(bars) => bars.map((one) => parseFloat(getComputedStyle(one).borderTopWidth))"
    drawn = page.locator(".tml-overline").evaluate_all(bars)
    assert drawn and min(drawn) > 0
    visit.assert_quiet()


def test_a_root_takes_no_more_room_than_it_has(site, visit):
    """Chromium leaves the room of the widest form of √ behind every root; ours are equally wide."""
    open_page(visit.page, f"{site}/chapters/05_adagrad.html")
    behind = """(roots) => roots.map((root) => root.closest("math").getBoundingClientRect().right
        - root.lastElementChild.getBoundingClientRect().right)"""
    rooms = visit.page.locator("p math > msqrt:last-child, p math > mrow > msqrt:last-child").evaluate_all(
        behind
    )
    assert len(rooms) > 5
    assert max(map(abs, rooms)) < 2, rooms
    visit.assert_quiet()


def test_every_page_says_what_it_is():
    """Its language, a title and a description of its own; pictures that keep their place; links with words."""
    pages = {name: parsed(HTML / name) for name in PAGES}
    for said in ("title", "description"):
        counted = Counter(getattr(page, said) for page in pages.values())
        assert all(len(words) > 10 and n == 1 for words, n in counted.items()), counted.most_common(3)
    for name, page in pages.items():
        assert page.has["lang"] == page.has["h1"] == page.has["main"] == page.has["title"] == 1, name
        assert page.viewport == "width=device-width, initial-scale=1"
        assert len(page.description) <= 160, name
        assert page.unsized == page.silent == [], name


def test_equations_and_works_are_linked():
    chapter = (HTML / "chapters" / "01_gradient_descent.html").read_text(encoding="utf-8")
    links = Counter(re.findall(r'href="[^"]*#(eq-\d+-\d+|cite-\w+)"', chapter))
    assert links["eq-1-10"] >= 1 and links["cite-nocedal2006numerical"] >= 2
