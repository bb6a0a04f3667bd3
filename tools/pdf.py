"""Print with Chromium: the whole book in the order of its pages, or, for tools/slides.py, the decks.

    python tools/pdf.py        book/_build/downhill.pdf

Without a Chromium nothing is printed, and that is said; it is an error when REQUIRE_BROWSER is set.
"""

import io
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page
from pypdf import PdfReader, PdfWriter
from pypdf.generic import ArrayObject, DictionaryObject, NameObject

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "browser"))
sys.path.insert(0, str(Path(__file__).parent))
from beside import BookError, build  # noqa: E402
from lab import NoChromium, chromium  # noqa: E402

HTML = ROOT / "book" / "_build" / "html"
PDF = HTML.parent / "downhill.pdf"
FOOTER = """<div style="font: 8px sans-serif; color: #555; width: 100%; padding: 0 15mm; display: flex;
justify-content: space-between"><span>{}</span><span class="pageNumber"></span></div>"""


def print_decks(page: Page, folder: Path) -> None:
    """A PDF of each deck, a slide a page, beside it."""
    for deck in sorted(folder.glob("[0-9]*.html")):
        page.goto(f"{deck.as_uri()}?print-pdf")
        page.wait_for_selector("body.started", state="attached")
        page.pdf(path=deck.with_suffix(".pdf"), prefer_css_page_size=True, print_background=True)
        print(f"{deck.stem}.pdf", flush=True)


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
    new = PDF.with_name(f".{PDF.name}.new")
    try:
        writer.write(new)
        new.replace(PDF)
    finally:
        new.unlink(missing_ok=True)
    print(f"{PDF.relative_to(ROOT)}: {len(writer.pages)} pages")


def pages(page: Page) -> Iterator[tuple[str, str]]:
    """Go to each page of the site, from the first by "next"; its address and title."""
    uri = (HTML / "index.html").as_uri()
    while uri:
        page.goto(uri)
        page.wait_for_load_state("networkidle")
        title = page.locator("h1").first.inner_text().rstrip("#")
        print(title, flush=True)
        yield uri, title
        following = page.locator("link[rel=next]")
        uri = following.evaluate("link => link.href") if following.count() else ""


def printed(act: Callable[[Page], None]) -> None:
    """Print in a new page of Chromium."""
    try:
        with chromium() as browser:
            act(browser.new_page())
    except NoChromium as error:
        if os.environ.get("REQUIRE_BROWSER"):
            raise BookError(str(error)) from None
        print(f"No PDF was made: {error}")


if __name__ == "__main__":
    build("the PDF", lambda: printed(print_book))
