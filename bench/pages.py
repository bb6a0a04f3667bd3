"""Weigh the pages of the site, and time their first paint.

    make book && python bench/pages.py

It prints rows for bench/RECORDS.md: what a page loads, unpacked, and of which kind.
Pictures and players' saved runs are content; their weight is said beside the rest.
"""

import statistics
import sys
from pathlib import Path

COURSE = Path(__file__).parents[1]
sys.path.insert(0, str(COURSE / "tests" / "browser"))

from lab import chromium, visit  # noqa: E402
from pages import HTML, moved, open_page, served, weight  # noqa: E402

FIRST = "() => performance.getEntriesByName('first-contentful-paint')[0].startTime"
TIMES = 5


def main() -> None:
    names = [path.relative_to(HTML) for path in sorted(HTML.glob("chapters/*.html"))]
    names += map(Path, ("index.html", "playground.html", "NOTATION.html", "api/optimizers.html"))
    print("| page | loaded, KB | text | style | scripts | asked ", end="")
    print("| pictures | runs | elements | first paint, ms | moved |")
    print("|---|---|---|---|---|---|---|---|---|---|---|")
    with served(HTML) as site, chromium() as browser:
        for name in names:
            first, shifts = [], []
            for _ in range(TIMES):
                with visit(browser) as seen:
                    open_page(seen.page, f"{site}/{name}")
                    first.append(seen.page.evaluate(FIRST))
                    shifts.append(moved(seen.page))
                    of = {kind: n / 1000 for kind, n in weight(seen.page).items()}
                    elements = seen.page.evaluate("document.getElementsByTagName('*').length")
            own = sum(of.values()) - of["pictures"] - of["runs"]
            kinds = " | ".join(f"{of[kind]:.0f}" for kind in ("text", "style", "scripts"))
            content = f"{of['pictures']:.0f} | {of['runs']:.0f} | {elements}"
            print(
                f"| {name.stem} | {own:.0f} | {kinds} | ≤ 1500 | {content} "
                f"| {statistics.median(first):.0f} | {statistics.median(shifts):.3f} |"
            )


if __name__ == "__main__":
    main()
