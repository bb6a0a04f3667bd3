"""Print with Chromium: the decks, a slide a page, or the whole book in the order of its pages.

    python tools/pdf.py slides      book/_build/html/slides/NN_name.pdf
    python tools/pdf.py book        book/_build/downhill.pdf

Without a Chromium nothing is printed, and that is said; it is an error when REQUIRE_BROWSER is set.
"""

import io
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
from lab import NoChromium, chromium  # noqa: E402

HTML = ROOT / "book" / "_build" / "html"
FOOTER = """<div style="font: 8px sans-serif; color: #555; width: 100%; padding: 0 15mm; display: flex;
justify-content: space-between"><span>{}</span><span class="pageNumber"></span></div>"""


def print_decks(page: Page) -> None:
    for deck in sorted((HTML / "slides").glob("*.html")):
        page.goto(f"{deck.as_uri()}?print-pdf")
        page.wait_for_selector("body.started", state="attached")
        page.pdf(path=deck.with_suffix(".pdf"), prefer_css_page_size=True, print_background=True)
        print(deck.with_suffix(".pdf").relative_to(ROOT))


def print_book(page: Page) -> None:
    """Each page by itself, then all in one file with an outline; a link to a page goes to its first sheet."""
    writer = PdfWriter()
    first: dict[str, int] = {}
    page.set_viewport_size(
        {"width": 673, "height": 950}
    )  # A4 within its margins: players draw themselves for it
    page.emulate_media(media="print")
    for uri, title in pages(page):
        first[uri] = len(writer.pages)
        sheets = page.pdf(
            format="A4",
            print_background=True,
            display_header_footer=True,
            header_template="<span></span>",
            footer_template=FOOTER.format(title),
            margin={"top": "16mm", "bottom": "18mm", "left": "16mm", "right": "16mm"},
        )
        writer.append(PdfReader(io.BytesIO(sheets)), outline_item=title, import_outline=False)
    for sheet in writer.pages:
        for annotation in (each.get_object() for each in sheet.get("/Annots", [])):
            target = str(annotation.get("/A", {}).get("/URI", "")).partition("#")[0]
            if target in first:
                there = ArrayObject([writer.pages[first[target]].indirect_reference, NameObject("/Fit")])
                go = {NameObject("/S"): NameObject("/GoTo"), NameObject("/D"): there}
                annotation[NameObject("/A")] = DictionaryObject(go)
            elif target.startswith("file:"):  # a deck, a download: not in the book
                del annotation["/A"]
    writer.write(HTML.parent / "downhill.pdf")


def pages(page: Page) -> Iterator[tuple[str, str]]:
    """Go to each page of the site, from the first by "next"; its address and title."""
    uri = (HTML / "index.html").as_uri()
    while uri:
        page.goto(uri)
        page.wait_for_load_state("networkidle")
        page.evaluate("window.MathJax?.startup?.promise")
        yield uri, page.locator("h1").first.inner_text().rstrip("#")
        following = page.locator("link[rel=next]")
        uri = following.evaluate("link => link.href") if following.count() else ""


if __name__ == "__main__":
    try:
        with chromium() as browser:
            {"slides": print_decks, "book": print_book}[sys.argv[1]](browser.new_page())
    except NoChromium as error:
        message = f"No PDF was made: {error}"
        sys.exit(message) if os.environ.get("REQUIRE_BROWSER") else print(message)
