"""The decks: quiet, alive, everything on its slide, notes with times. `make test-site` makes them before."""

import pytest
from pages import HTML, serious, served, try_player
from paper import assert_same, look, pictured, sheets

from lib.plotting import style

pytestmark = pytest.mark.site

DECKS = sorted(path.name for path in (HTML / "slides").glob("[0-9]*.html"))
SMALLEST = 52  # per cent of the usual size, to which a full slide may shrink: text as large as the site's


@pytest.fixture(scope="module")
def site():
    with served(HTML) as address:
        yield address


def test_the_decks_are_made():
    assert "01_gradient_descent.html" in DECKS, "make slides"


# What cannot be read from the last row: under 19.5 px, in players 16.
SMALL = """() => Reveal.getSlides().flatMap((slide, i) => [...slide.querySelectorAll("*")].filter((one) => {
  if (one.closest("aside, script, style, svg, .unseen, mjx-assistive-mml")) return false;
  if (![...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim())) return false;
  for (let at = one; at !== slide; at = at.parentElement)
    if (getComputedStyle(at).display === "none") return false;
  const size = parseFloat(getComputedStyle(one).fontSize) * one.currentCSSZoom;
  return size < (one.closest(".downhill-player") ? 16 : 19.5);
}).map((one) => `${i + 1}: ${one.textContent.slice(0, 40)}`))"""


@pytest.mark.parametrize("name", DECKS)
def test_deck(name, site, visit):
    page = visit.page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{site}/slides/{name}")
    page.wait_for_selector("body.started")
    count = page.evaluate("Reveal.getTotalSlides()")
    sizes = page.evaluate("Reveal.getSlides().map((slide) => Number(slide.dataset.size ?? 100))")
    too_full = [i + 1 for i, size in enumerate(sizes) if size < SMALLEST]
    assert not too_full, f"too much on the slides {too_full}"
    wide = "(all) => all.filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.innerText.slice(0, 60))"
    assert page.locator(".fit .text").evaluate_all(wide) == [], "into the margin"
    assert page.evaluate("Reveal.getSlides().every((slide) => Number(slide.dataset.timing) >= 60)")
    assert page.evaluate("Reveal.getSlides().every((slide) => /minutes/.test(Reveal.getSlideNotes(slide)))")
    tried = 0
    for i in range(count):
        page.evaluate("i => Reveal.slide(i)", i)
        box = page.locator("section.present .fit").bounding_box()
        assert box["y"] + box["height"] <= 720 and box["x"] + box["width"] <= 1281, (
            f"slide {i + 1} is cut off"
        )
        player = page.locator("section.present .downhill-player")
        if player.count():
            tried += 1
            try_player(page, player)
            assert page.evaluate("Reveal.getIndices().h") == i, "keys of a player turned the slide"
            page.keyboard.press("Escape")
            page.keyboard.press("ArrowRight")
            assert page.evaluate("Reveal.getIndices().h") == min(i + 1, count - 1), (
                "Escape gives the keys back"
            )
    assert tried, "a deck has a player"
    assert page.evaluate(SMALL) == [], "not to be read from the last row"
    assert serious(page) == []
    visit.assert_quiet()


def test_in_the_hall_the_deck_has_the_keys(site, visit):
    page = visit.page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto(f"{site}/slides/03_momentum.html")
    page.wait_for_selector("body.started")
    at = "Reveal.getSlides().findIndex((slide) => slide.querySelector('.downhill-player'))"
    page.evaluate(f"Reveal.slide({at})")
    here, scrub = page.evaluate(at), page.locator("section.present .scrub input")
    play = page.locator("section.present .play")
    assert scrub.input_value() == "0", "nothing has happened yet"
    for key, step in (("Shift+ArrowRight", "1"), ("Shift+ArrowRight", "2"), ("Shift+ArrowLeft", "1")):
        page.keyboard.press(key)
        assert scrub.input_value() == step and page.evaluate("Reveal.getIndices().h") == here
    page.keyboard.press("Enter")
    assert play.inner_text() == "Pause"
    page.keyboard.press("Enter")
    assert play.inner_text() == "Play"
    play.click()
    page.keyboard.press("PageDown")  # what a clicker sends
    assert page.evaluate("Reveal.getIndices().h") == here + 1
    page.keyboard.press("PageUp")
    assert page.evaluate("Reveal.getIndices().h") == here
    small = """() => [...document.querySelectorAll("section.present .downhill-player *")].filter((one) =>
      one.offsetParent && [...one.childNodes].some((part) => part.nodeType === 3 && part.data.trim()) &&
      !one.closest(".unseen") && parseFloat(getComputedStyle(one).fontSize) < (one.closest(".controls, .axes") ? 20 : 16))
      .map((one) => one.className || one.tagName)"""
    assert page.evaluate(small) == []
    visit.assert_quiet()


@pytest.mark.parametrize("name", DECKS)
def test_a_deck_stays_on_its_stick_and_has_its_lectures(name, site, visit):
    page = visit.page
    for most in (0, 40, 60, 90):
        page.goto(f"{site}/slides/{name}?minutes={most}")
        page.wait_for_selector("body.started")
        time = page.evaluate(
            "Reveal.getSlides().reduce((sum, one) => sum + Number(one.dataset.timing) / 60, 0)"
        )
        assert time <= (most or 1000)
        hrefs = page.evaluate("[...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))")
        targets = {href.partition("#")[0].partition("?")[0] for href in hrefs} - {""}
        assert not [target for target in targets if not (HTML / "slides" / target).is_file() or "/" in target]
    assert page.evaluate("document.querySelectorAll('aside.notes mjx-assistive-mml').length") == 0, (
        "formulas said twice"
    )
    visit.assert_quiet()


def test_the_index_shows_every_deck(site, visit):
    page = visit.page
    page.goto(f"{site}/slides/index.html")
    hrefs = page.evaluate("[...document.querySelectorAll('h2')].length")
    assert (
        hrefs
        == len(DECKS)
        == page.evaluate("[...document.images].filter((one) => one.naturalWidth > 200).length")
    )
    assert serious(page) == []
    visit.assert_quiet()


@pytest.mark.parametrize("size", [(1920, 1080), (1024, 768)])
def test_a_player_on_a_projector(size, site, visit):
    page = visit.page
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
    page.goto(f"{site}/slides/00_start_here.html#/1")
    page.wait_for_selector("body.started")
    player = page.locator("section.present .downhill-player")
    try_player(page, player)
    box = player.bounding_box()
    assert box["width"] > 0.6 * size[0] and box["y"] + box["height"] <= size[1]
    sharp = "(canvas) => canvas.width / canvas.getBoundingClientRect().width"
    assert all(
        abs(one.evaluate(sharp) - 1) < 0.01 for one in player.locator(".map canvas, .loss canvas").all()
    )
    visit.assert_quiet()


@pytest.mark.parametrize("name", DECKS)
def test_pdf_has_a_page_for_each_slide(name, site, visit):
    pypdf = pytest.importorskip("pypdf")
    page = visit.page
    page.goto(f"{site}/slides/{name}")
    page.wait_for_selector("body.started")
    pdf = pypdf.PdfReader((HTML / "slides" / name).with_suffix(".pdf"))
    assert len(pdf.pages) == page.evaluate("Reveal.getTotalSlides()")


@pytest.mark.parametrize("name", DECKS)
def test_nothing_on_paper_is_to_be_pressed(name):
    words = [words for _, words in sheets((HTML / "slides" / name).with_suffix(".pdf"))]
    assert any("‖∇f‖" in one for one in words), "a player is printed"
    assert not [i + 1 for i, one in enumerate(words) if "Press Play" in one or "Full screen" in one]


@pytest.mark.parametrize(
    ("name", "methods"), [("01_gradient_descent", ["gd"]), ("03_momentum", ["gd", "momentum"])]
)
def test_a_printed_player_is_the_one_on_its_slide(name, methods, site, visit):
    page = visit.page
    page.set_viewport_size({"width": 1280, "height": 720})
    page.add_init_script("addEventListener('load', () => document.documentElement.classList.add('paper'))")
    page.goto(f"{site}/slides/{name}.html")
    page.wait_for_selector("body.started")
    page.evaluate(
        "Reveal.slide(Reveal.getSlides().findIndex((slide) => slide.querySelector('.downhill-player')))"
    )
    # On paper the whole way is gone, and letters have the size of a page's.
    scrub = "(scrub) => { scrub.value = scrub.max; scrub.dispatchEvent(new Event('input')); }"
    page.locator("section.present .scrub input").evaluate(scrub)
    marks = {method: style(method)["color"] for method in methods}
    shown = look(pictured(page.locator("section.present .downhill-player")), marks)
    printed = sheets(HTML / "slides" / f"{name}.pdf")
    (picture,) = [picture for picture, words in printed if "‖∇f‖" in words]
    assert_same(look(picture, marks), shown)


def test_a_deck_from_a_file(visit):
    page, asked = visit.page, []
    page.context.unroute_all()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((HTML / "slides" / "01_gradient_descent.html").as_uri())
    page.wait_for_selector("body.started")
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert visit.complaints == []
