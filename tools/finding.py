"""What the finished pages hold for those who look for something: the text of each section, for the search,
and what a link shows before it is followed. Both are scripts, loaded when asked for, from file:// too.
"""

import html
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from beside import BookError

BOOK = Path(__file__).resolve().parents[1] / "book"
EQUATION = re.compile(
    r'<div class="equation" id="(eq-[\d-]+)">(.*?</math></div>(?:<span.*?</span>)?)</div>', re.DOTALL
)
CITATION = re.compile(r'<div class="citation" id="(cite-[^"]+)"[^>]*>(.*?)\n</div>', re.DOTALL)
FIRST = re.compile(r"<h1>(.*?)<a class=\"headerlink\".*?</h1>\s*(<p>.*?</p>)", re.DOTALL)
TWICE = re.compile(r'<span class="read">.*?</span>')
LINK = re.compile(r"</?a\b[^>]*>")
SILENT = {"script", "style", "pre", "button", "nav"}
BREAKS = {"p", "li", "td", "th", "dt", "dd", "div", "figcaption", "tr", "summary"}


class Sections(HTMLParser):
    """The sections and definitions of a page: [id, title, text] of each.

    >>> reader = Sections()
    >>> reader.feed("<article><section id='a'><h1>A<a class='headerlink' href='#a'>#</a></h1><p>One, "
    ...     "<b>two</b>.</p><pre>code</pre><dl><dt id='lib.f'>lib.f(x)</dt><dd>Three.</dd></dl></section>")
    >>> reader.found
    [['a', 'A', 'One, two. '], ['lib.f', 'f', 'lib.f(x) Three. ']]
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: list[list[str]] = []
        self.inside = self.heading = False
        self.silent = 0

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = dict(attributes)
        if tag == "article":
            self.inside = True
        elif tag == "section" and given.get("id"):
            self.found.append([given["id"] or "", "", ""])
        elif tag == "dt" and "." in (given.get("id") or ""):
            self.found.append([given["id"] or "", (given["id"] or "").rpartition(".")[2], ""])
        self.heading |= tag in {"h1", "h2", "h3", "h4"}
        self.silent += tag in SILENT or (self.silent > 0 and tag == "a") or given.get("class") == "headerlink"

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self.inside = False
        if self.silent and tag in SILENT | {"a"}:
            self.silent -= 1
        elif tag in BREAKS and self.found and not self.found[-1][2].endswith(" "):
            self.found[-1][2] += " "
        self.heading &= tag not in {"h1", "h2", "h3", "h4"}

    def handle_data(self, data: str) -> None:
        if self.inside and not self.silent and self.found:
            words = re.sub(r"\s+", " ", data)
            at = 1 if self.heading else 2
            self.found[-1][at] += (
                words.lstrip() if not self.found[-1][at] or self.found[-1][at][-1] == " " else words
            )


def write(folder: Path) -> None:
    """Write search-data.js, minisearch.js and previews.js beside the site's other scripts."""
    pages, previews = [], {}
    for path in sorted(folder.rglob("*.html")):
        name = path.relative_to(folder).as_posix()
        if name.startswith(("_static/", "slides/", "search.html")):
            continue
        text = path.read_text(encoding="utf-8")
        reader = Sections()
        reader.feed(TWICE.sub("", text))
        title = " ".join(reader.found[0][1].split()) if reader.found else name
        pages += [[name, title, id, *(" ".join(one.split()) for one in words)] for id, *words in reader.found]
        for id, inside in EQUATION.findall(text):
            number = id.removeprefix("eq-").replace("-", ".")
            formula = html.unescape(re.sub(r"<[^>]+>|\(\d+\.\d+\)", "", inside))
            pages.append([name, title, id, f"Equation ({number})", formula])
            previews[id] = inside
        previews |= {id: LINK.sub("", inside) for id, inside in CITATION.findall(text)}
        if name.startswith("chapters/") and (first := FIRST.search(text)):
            previews[name] = f"<p><strong>{LINK.sub('', first[1])}</strong></p>{LINK.sub('', first[2])}"
    static = folder / "_static"
    for file, variable, data in (
        ("search-data.js", "downhillPages", pages),
        ("previews.js", "downhillPreviews", previews),
    ):
        said = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
        (static / file).write_text(f"window.{variable} = {said};\n", encoding="utf-8")
    command = [
        *(str(BOOK / "node_modules" / ".bin" / "esbuild"), "--bundle", "--minify", "--log-level=error"),
        *("--format=iife", "--global-name=MiniSearch", "--footer:js=MiniSearch=MiniSearch.default;"),
        f"--outfile={static / 'minisearch.js'}",
    ]
    run = subprocess.run(
        command, input='export { default } from "minisearch"', cwd=BOOK, capture_output=True, text=True
    )
    if run.returncode:
        raise BookError(f"the search could not be put into one file: {run.stderr.strip()}")
