"""Print with Chromium: chapters and exercises as a book, or, for tools/slides.py, the decks.

    python tools/pdf.py        book/_build/downhill.pdf

The book has a title, contents with page numbers, and heads that run; notation and bibliography end it. The
library's pages stay on the site.

Without a Chromium nothing is printed, and that is said; it is an error when REQUIRE_BROWSER is set.
"""

import html
import io
import os
import re
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
PARTS = re.compile(r"/(chapters/.*|NOTATION|bibliography)\.html$")
TITLE = (
    """<div class="title"><h1>Downhill</h1><p>{}</p></div><div class="contents"><h1>Contents</h1>{}</div>"""
)
STYLE = """@page { size: A4; margin: 23mm 21mm 18mm; }
.title { height: 200mm; padding-top: 70mm; break-after: page; } .title h1 { font-size: 44pt; }
.title p { font-size: 15pt; max-width: 110mm; }
.contents div { display: flex; gap: 4mm; padding: 0.4mm 0; }
.contents .inner { padding-left: 8mm; font-size: 0.9em; }
.contents a { flex: 1; } .contents span { font-variant-numeric: tabular-nums; }"""
HEADS = """@page { size: A4; margin: 0; } html, body { background: none; margin: 0; }
body { display: block; font: 9pt var(--sans); color: #555; }
div { height: 297mm; padding: 12mm 21mm 0; display: flex; justify-content: space-between; break-after: page;
break-inside: avoid; overflow: hidden; } div:last-child { break-after: auto; }"""


def print_decks(page: Page, folder: Path) -> None:
    """A PDF of each deck, a slide a page, beside it."""
    for deck in sorted(folder.glob("[0-9]*.html")):
        page.goto(f"{deck.as_uri()}?print-pdf")
        page.wait_for_selector("body.started", state="attached")
        page.pdf(path=deck.with_suffix(".pdf"), prefer_css_page_size=True, print_background=True)
        print(f"{deck.stem}.pdf", flush=True)


def print_book(page: Page) -> None:
    """Each page by itself, then all in one file; a link to a page goes to its first sheet."""
    print(f"Printing chapters and exercises, a minute or two: {PDF.relative_to(ROOT)}", flush=True)
    # A4 within its margins: players draw themselves for it.
    page.set_viewport_size({"width": 635, "height": 950})
    page.emulate_media(media="print")
    made = [(uri, title, sheets(page)) for uri, title in pages(page)]
    page.goto((HTML / "index.html").as_uri())
    said = page.locator("article strong").first.inner_text()
    front: list[PdfReader] = []
    for _ in range(2):  # the contents have a length of their own
        numbers: list[int] = []
        next_page = 1 + sum(len(one.pages) for one in front)
        for _, _, part in made:
            numbers.append(next_page)
            next_page += len(part.pages)
        rows = (
            f'<div class="{"inner" if "/exercises/" in uri else ""}"><a href="{uri}">{html.escape(title)}</a>'
            f"<span>{number}</span></div>"
            for (uri, title, _), number in zip(made, numbers, strict=True)
        )
        filled(page, TITLE.format(html.escape(said), "".join(rows)))
        front = [sheets(page)]
    writer = PdfWriter()
    first: dict[str, int] = {}
    heads = [""] * len(front[0].pages)
    writer.append(front[0], outline_item="Contents", import_outline=False)
    above = None
    for uri, title, part in made:
        first[uri] = len(writer.pages)
        heads += [""] + [title] * (len(part.pages) - 1)
        inner = "/exercises/" in uri
        writer.append(part, import_outline=False)
        item = writer.add_outline_item(title=title, page_number=first[uri], parent=above if inner else None)
        above = above if inner else item
    rows = (f"<div><span>{html.escape(head)}</span><span>{k}</span></div>" for k, head in enumerate(heads, 1))
    filled(page, "".join(rows), HEADS)
    for sheet, head in zip(writer.pages, sheets(page).pages, strict=True):
        sheet.merge_page(head)
        sheet.compress_content_streams()
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


def filled(page: Page, body: str, style: str = STYLE) -> None:
    """Put this on the page, in the site's styles."""
    page.evaluate("body => { document.body.innerHTML = body; }", body)
    page.locator("#paper").evaluate_all("all => all.forEach((one) => one.remove())")
    page.add_style_tag(content=style).evaluate("one => { one.id = 'paper'; }")


def sheets(page: Page) -> PdfReader:
    """The page, printed."""
    if not page.locator("#paper").count():
        page.add_style_tag(content=STYLE)
    return PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True, print_background=True)))


def pages(page: Page) -> Iterator[tuple[str, str]]:
    """Go to each page of the book, from the site's first by "next"; its address and title."""
    uri = (HTML / "index.html").as_uri()
    while uri:
        page.goto(uri)
        if PARTS.search(uri):
            page.wait_for_load_state("networkidle")
            title = page.locator("h1").first.inner_text().rstrip("#")
            number = re.search(r"/(\d\d)_", uri)
            print(title, flush=True)
            yield uri, f"{number[1]} {title}" if number and "/exercises/" not in uri else title
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
