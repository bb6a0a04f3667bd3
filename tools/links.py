"""What a site links and a notebook does not: "(1.2)" to its equation, "Author Year" to the bibliography.

Text stays as it reads in JupyterLab and on GitHub; these functions write the links into it, and raise
BookError for a citation that chapters/references.bib does not have.
"""

import re
import sys
from collections.abc import Callable
from pathlib import Path

from pybtex.database import Entry, parse_file
from pybtex.richtext import Text

sys.path.insert(0, str(Path(__file__).parent))
from beside import BookError

# What is no text: code, formulas, links and HTML tags.
PROTECTED = re.compile(
    r"(```.*?```|``.*?``|`[^`\n]*`|\$\$.*?\$\$|\$[^$\n]*\$|\[[^\]\n]*\]\([^)\n]*\)"
    r"|<summary>.*?</summary>|<[^>\n]+>)",
    re.DOTALL,
)
EQUATION = re.compile(
    r"^([ ]*)(\$\$(?:(?!\$\$).)*?\\tag\{(\d+)\.(\d+)\}(?:(?!\$\$).)*\$\$)", re.MULTILINE | re.DOTALL
)
NUMBER = re.compile(r"\((\d+)\.([1-9]\d?)\)|\b[Ff]ormula (\d+)\.([1-9]\d?)\b")
SURNAME = r"(?:(?:[Vv]an|[Vv]on|de|der|den) )*[A-ZÀ-ÖØ-Þ][\w’'-]+"
INITIALS = r"(?:[A-Z]\.[ -]?)"
NAME = f"{INITIALS}*{SURNAME}"
FULL = f"{INITIALS}+{SURNAME}"
AUTHORS = f"(?P<authors>{NAME}(?:, {NAME})*,? (?:&|and) {NAME}|{NAME} et al\\.|{FULL}(?:, {FULL})+|{NAME})"
YEAR = r",? (?P<open>\()?(?P<year>(?:18|19|20)\d\d[a-z]?)\b(?(open)\)?)"
CITATION = re.compile((AUTHORS + YEAR).replace(" ", r"\s+"))
NO_AUTHOR = re.compile(
    r"(?:In|Since|By|Until|After|Before|From|The|Version|January|February|March|April|May|June|July|August"
    r"|September|October|November|December)$"
)


def label(entry: Entry) -> str:
    """How the book cites a work: "Cauchy 1847", "Kingma & Ba 2015", "Sutskever et al. 2013"."""
    names = [str(Text.from_latex(" ".join(p.prelast_names + p.last_names))) for p in entry.persons["author"]]
    return _label(names, entry.fields["year"])


def _label(names: list[str], year: str) -> str:
    return f"{names[0] + ' et al.' if len(names) > 2 else ' & '.join(names)} {year}"


def works(path: Path) -> dict[str, str]:
    """The key of each work of a BibTeX file, by its label."""
    found: dict[str, str] = {}
    for key, entry in parse_file(str(path), "bibtex").entries.items():
        if label(entry) in found:
            raise BookError(f"{path.name}: {key} and {found[label(entry)]} are both “{label(entry)}”")
        found[label(entry)] = key
    return found


def meant(authors: str, year: str) -> str:
    """The label of the work that a text cites.

    >>> meant("S. Boyd and L. Vandenberghe", "2004"), meant("S. Becker, Y. LeCun", "1988")
    ('Boyd & Vandenberghe 2004', 'Becker & LeCun 1988')
    """
    authors = re.sub(r"\b[A-Z]\.[ -]?", "", " ".join(authors.split()))
    return _label(re.split(r",? (?:&|and) |, ", authors), year)


def cited(text: str) -> list[str]:
    """The labels of the works that a text cites, outside of code, formulas and links.

    >>> cited("Since 2014 all use it (Kingma & Ba 2015, Algorithm 1; see `Ba 1999`), as Polyak (1987) did.")
    ['Kingma & Ba 2015', 'Polyak 1987']
    """
    found = (match for part in PROTECTED.split(text)[::2] for match in CITATION.finditer(part))
    return [meant(m["authors"], m["year"]) for m in found if not NO_AUTHOR.match(m["authors"])]


def with_citations(text: str, keys: dict[str, str], link: Callable[[str, str], str]) -> str:
    """`text` with link(words, target) in place of each citation.

    >>> keys = {"Polyak 1987": "p", "Cauchy 1847": "c"}
    >>> with_citations("as Polyak (1987) has it (Cauchy 1847)", keys, markdown_link)
    'as [Polyak (1987)](#cite-p) has it ([Cauchy 1847](#cite-c))'
    """

    def cite(match: re.Match[str]) -> str:
        if NO_AUTHOR.match(match["authors"]):
            return match[0]
        if (work := meant(match["authors"], match["year"])) not in keys:
            raise BookError(f"“{' '.join(match[0].split())}” is cited; chapters/references.bib has no {work}")
        return link(match[0], f"cite-{keys[work]}")

    parts = PROTECTED.split(text)
    parts[::2] = [CITATION.sub(cite, part) for part in parts[::2]]
    return "".join(parts)


def markdown_link(words: str, target: str) -> str:
    return f"[{words}](#{target})"


def with_equations(text: str, chapter: int) -> str:
    r"""`text` with a target before each tagged equation and a link in place of each number of one.

    A number of a later chapter stays as it is: it is another book's.

    >>> print(with_equations("By (3.1) and (9.18),\n\n$$x \\tag{3.2}$$", chapter=3))
    By [(3.1)](#eq-3-1) and (9.18),
    <BLANKLINE>
    (eq-3-2)=
    $$x \tag{3.2}$$
    """

    def number(match: re.Match[str]) -> str:
        of, k = match[1] or match[3], match[2] or match[4]
        return markdown_link(match[0], f"eq-{of}-{k}") if 1 <= int(of) <= chapter else match[0]

    parts = PROTECTED.split(text)
    parts[::2] = [NUMBER.sub(number, part) for part in parts[::2]]
    return EQUATION.sub(r"\1(eq-\3-\4)=\n\1\2", "".join(parts))
