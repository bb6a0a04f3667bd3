"""The site: Sphinx reads what tools/book.py wrote to book/_build/source. `make book` does both."""

import html
import json
import re
import struct
import textwrap
import tomllib
from pathlib import Path
from urllib.parse import quote, unquote

from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.template import field, sentence

BOOK = Path(__file__).parent

REPOSITORY = tomllib.loads((BOOK.parent / "pyproject.toml").read_text())["tool"]["downhill"]["repository"]

project = "Downhill"
author = "The Downhill authors"
copyright = "The Downhill authors. Code: BSD 3-Clause. Text and figures: CC BY 4.0"
extensions = ["myst_nb", "sphinxcontrib.bibtex", "sphinx_copybutton"]
language = "en"
default_role = "code"

# Notebooks are shown as they were executed; players.js wakes the players, without a widget manager.
nb_execution_mode = "off"
nb_ipywidgets_js = {}
nb_merge_streams = True
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type"]

bibtex_bibfiles = [str(BOOK.parent / "chapters" / "references.bib")]
bibtex_default_style = "downhill"
bibtex_cite_id = "cite-{key}"

html_theme = "theme"
html_theme_path = [str(BOOK)]
html_title = "Downhill"
html_static_path = [str(BOOK / "_static"), str(BOOK / "_build" / "source" / "_static")]
html_favicon = str(BOOK / "_static" / "icon.svg")
html_js_files = [("players.js", {"defer": "defer"}), ("site.js", {"defer": "defer"})]
html_math_renderer = "mathml"
html_copy_source = False
html_domain_indices = False
html_use_index = False
html_permalinks_icon = "#"

copybutton_selector = "div.highlight pre:not(.cell_output pre)"
copybutton_prompt_text = r">>> |\.\.\. "
copybutton_prompt_is_regexp = True


class AuthorYear(BaseLabelStyle):
    """Labels as the text cites: "Kingma & Ba 2015"."""

    def format_labels(self, entries):
        import links

        return map(links.label, entries)


class Downhill(Unsorted):
    default_label_style = AuthorYear
    default_sorting_style = "author_year_title"

    def format_title(self, entry, which_field, as_sentence=True):
        title = field(which_field)  # as it is written: its capitals too
        return sentence[title] if as_sentence else title


register_plugin("pybtex.style.formatting", "downhill", Downhill)


def register_citations(app, env):
    """Make of every entry of the bibliography a target that text can link to."""
    labels = env.get_domain("std").anonlabels
    for citation in env.get_domain("cite").citations:
        labels[f"cite-{citation.key}"] = (citation.bibliography_key.docname, citation.citation_id)


# What Sphinx and MyST-NB would load and no page uses: their styles are not this book's, nor is their search.
UNUSED = re.compile(r"/(mystnb\.\w+\.css|pygments\.css|doctools\.js|sphinx_highlight\.js)$")
# Of the parts of code these have a colour; the others need no element.
COLOURED = "c1|k|kc|kn|kd|ow|s[12]|sa|se|si|sd|m[ifh]|n[fcd]|nb|go|gp|gr|gt"
PLAIN = re.compile(rf'<span class="(?!(?:{COLOURED})")[a-z][a-z0-9]?">([^<]*)</span>')
FOLD = re.compile(
    r'<summary aria-label="[^"]*">\s*<p class="collapsed admonition-title">(.*?)</p>\s*'
    r'<p class="expanded.*?</p>\s*</summary>',
    re.DOTALL,
)


STATE = re.compile(r'<script type="application/vnd.jupyter.widget-state\+json">(.*?)</script>', re.DOTALL)
VIEW = re.compile(r'<script type="application/vnd.jupyter.widget-view\+json">(.*?)</script>', re.DOTALL)
DEEPER = re.compile(r'<section id="deeper-')
PATH = """<p class="path at-screen"><label><input type="checkbox" role="switch"> Main path only, without the
deeper section{}</label></p>"""
HEAD = re.compile(r"<th class=\"head[^\"]*\">(?=(?:(?!</th>).)*<math)<p>(.*?)</p>\s*</th>", re.DOTALL)


def named(head):
    """The head of a column that is a formula, for a screen reader as text: not all read MathML there."""
    words = " ".join(re.sub(r"<[^>]+>", "", head[1]).split())
    return f'<th class="head"><span class="read">{words}</span><span aria-hidden="true">{head[1]}</span></th>'


def sized(image, folder):
    """A picture's element with its size, so that nothing moves when it arrives."""
    file = Path(unquote(image[1]))
    found = next((path for path in folder.get(file.name, []) if path.is_file()), None)
    if found is None:
        return image[0]
    head = found.read_bytes()[:24]
    kind = {b"\x89PNG": (">II", 16), b"GIF8": ("<HH", 6)}.get(head[:4])
    if kind is None:
        return image[0]
    width, height = struct.unpack_from(kind[0], head, kind[1])
    return f'{image[0]} width="{width}" height="{height}"'


def placed(view, saved):
    """A player's script and the empty place after it, with what its height follows from."""
    state = saved[json.loads(view[1])["model_id"]]["state"]
    meta = state["meta"]
    has = {"rows": len(meta["series"]), "sliders": len(meta["axes"]), "aspect": f"{meta['aspect']:.3g}"}
    style = "; ".join(f"--{name}: {value}" for name, value in has.items())
    kind = "player playground" if "choices" in state else "player"
    return f'{view[0]}<div class="{kind}" style="{style}"></div>'


def description(body, title):
    """A page in a sentence or two, for those who see it in a list: how it begins."""
    first = re.search(r"<p>(.*?)</p>", body, re.DOTALL)
    words = html.unescape(re.sub(r"<[^>]+>", "", first[1])) if first else f"{title} of {project}"
    return textwrap.shorten(words.replace("\N{FUNCTION APPLICATION}", ""), 160, placeholder=" …")


def source_of(page):
    """The file of the repository that a page is made of, or None."""
    folder, _, name = page.rpartition("/")
    module = name.replace(".", "/")
    tried = {
        "chapters": [f"chapters/{name}.ipynb"],
        "chapters/exercises": [f"chapters/solutions/{name}.ipynb"],
        "api": [f"lib/{module}.py", f"lib/{module}/__init__.py"],
    }.get(folder, [f"book/{name}.md", f"{name}.md"])
    return next((file for file in tried if (BOOK.parent / file).is_file()), None)


def source_links(repository, file, title):
    """What the repository has for a page: (words, address)."""
    if not repository:
        return []
    links = [("Source", f"{repository}/blob/HEAD/{file}"), ("Edit", f"{repository}/edit/HEAD/{file}")]
    if file.endswith(".ipynb") and (name := repository.partition("//github.com/")[2]):
        shown = file.replace("solutions", "exercises")
        links.append(("Open in Lab", f"https://mybinder.org/v2/gh/{name}/HEAD?labpath={shown}"))
    return [*links, ("Say what is wrong", f"{repository}/issues/new?title={quote(title)}")]


def lighten(app, pagename, templatename, context, doctree):
    """Take out what a page does not use, and mend what a screen reader would be told wrongly."""
    for kind in ("css_files", "script_files"):
        context[kind] = [file for file in context[kind] if not UNUSED.search(f"/{file.filename}")]
    context["source"] = source_of(pagename)
    title = re.sub(r"<[^>]+>", "", context.get("title", ""))
    context["source_links"] = source_links(REPOSITORY, context["source"], title) if context["source"] else []
    context["description"] = description(context.get("body", ""), title)
    if "body" in context:
        body = PLAIN.sub(r"\1", context["body"].replace("<span></span>", ""))
        body = FOLD.sub(r"<summary>\1</summary>", body)  # its name is what it shows
        body = body.replace("<table", '<div class="scrolls"><table').replace("</table>", "</table></div>")
        body = re.sub(r"<th(?: [^>]*)?>\s*(<p>\s*</p>)?\s*</th>", "<td></td>", body)  # heads nothing
        body = HEAD.sub(named, body)
        if deeper := len(DEEPER.findall(body)):
            switch = PATH.format(f"s ({deeper})" if deeper > 1 else "")
            body = re.sub(r"</h1>\s*<p>.*?</p>", lambda m: m[0] + switch, body, count=1, flags=re.DOTALL)
        scripts = "".join(str(file.attributes.get("body", "")) for file in context["script_files"])
        states = [*STATE.findall(body), *([scripts] if VIEW.search(body) and scripts else [])]
        saved = {id: one for state in states for id, one in json.loads(state)["state"].items()}
        body = VIEW.sub(lambda view: placed(view, saved), body)
        files = {}
        for path, name in app.builder.images.items():
            files.setdefault(name, []).append(Path(app.srcdir, path))
        body = re.sub(
            r'<img(?:(?! width=)[^>])*? src="([^"]+)"(?![^>]* width=)', lambda m: sized(m, files), body
        )
        # Docutils calls the bibliography a list of what are no list items.
        body = body.replace('role="list" class="citation', 'class="citation')
        context["body"] = body.replace(' role="doc-biblioentry"', "")


def search_page(app):
    """The book's own search takes the place of Sphinx's."""
    yield "search", {}, "search.html"


def setup(app):
    import formulas

    app.add_html_math_renderer("mathml", (formulas.in_text, None), (formulas.displayed, None))
    app.connect("builder-inited", lambda app: setattr(app.builder, "search", False))
    app.connect("html-collect-pages", search_page)
    app.connect("html-page-context", lighten)
    app.connect("env-updated", register_citations, priority=900)
