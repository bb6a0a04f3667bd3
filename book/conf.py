"""The site: Sphinx reads what tools/book.py wrote to book/_build/source. `make book` does both."""

from pathlib import Path

from pybtex.plugin import register_plugin
from pybtex.style.formatting.unsrt import Style as Unsorted
from pybtex.style.labels import BaseLabelStyle
from pybtex.style.template import field, sentence

BOOK = Path(__file__).parent
MATHJAX = BOOK / "node_modules" / "mathjax" / "es5" / "tex-svg.js"

project = "Downhill"
author = "The Downhill authors"
copyright = "The Downhill authors. Code: BSD 3-Clause. Text and figures: CC BY 4.0"
extensions = ["myst_nb", "sphinxcontrib.bibtex", "sphinx_copybutton", "sphinx.ext.mathjax"]
language = "en"
default_role = "code"
pygments_style = "default"

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

html_theme = "sphinx_book_theme"
html_title = "Downhill"
html_static_path = [str(BOOK / "_static"), str(MATHJAX), str(BOOK / "_build" / "source" / "_static")]
html_favicon = str(BOOK / "_static" / "icon.svg")
html_css_files = ["downhill.css"]
html_js_files = [("players.js", {"defer": "defer"}), ("site.js", {"defer": "defer"})]
html_copy_source = False
html_domain_indices = False
html_show_sphinx = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "navbar_persistent": [],
    "max_navbar_depth": 1,
}

mathjax_path = "tex-svg.js"
mathjax3_config = {"options": {"enableMenu": False}, "svg": {"fontCache": "local"}}
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


def mend_roles(app, pagename, templatename, context, doctree):
    """Docutils calls the bibliography a list of what are no list items; a screen reader believes it."""
    if "body" in context:
        context["body"] = context["body"].replace('role="list" class="citation', 'class="citation')


def setup(app):
    app.connect("html-page-context", mend_roles)
    app.connect("env-updated", register_citations, priority=900)
