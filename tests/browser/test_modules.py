"""The player's modules, each by itself: tests/browser/modules/*.test.js, run in Chromium; node is not needed."""

import re
from pathlib import Path

import pytest

from tools.bundle import FOLDER, SHIPPED, bundle

TESTS = Path(__file__).parent / "modules"
SITE = "http://127.0.0.1:1/"  # nobody listens there: every file is given by `serve`
NAMES = [
    (path.name, name)
    for path in sorted(TESTS.glob("*.test.js"))
    for name in re.findall(r"^export (?:async )?function (\w+)", path.read_text("utf-8"), re.MULTILINE)
]


@pytest.fixture(scope="module")
def page(browser):
    page = browser.new_page()

    def serve(route, request):
        name = request.url.removeprefix(SITE)
        found = [folder / name for folder in (FOLDER, TESTS) if (folder / name).is_file()]
        kind = "text/javascript" if found else "text/html"
        route.fulfill(body=found[0].read_text("utf-8") if found else "<!doctype html>", content_type=kind)

    page.route(f"{SITE}**", serve)
    page.goto(SITE)
    yield page
    page.close()


@pytest.mark.parametrize(("module", "name"), NAMES, ids=[name for _, name in NAMES])
def test_module(page, module, name):
    page.evaluate(f"import('{SITE}{module}').then((tests) => tests.{name}())")


def test_every_module_is_tested_or_drawn():
    """Drawing and wiring are seen in test_player.py; all that computes has tests here."""
    tested = set(re.findall(r'from "\./(\w+)\.js"', "".join(p.read_text("utf-8") for p in TESTS.iterdir())))
    seen = {"main", "map", "picture", "places", "pointing", "save", "watch"}
    assert {path.stem for path in FOLDER.glob("*.js")} - seen <= tested


def test_the_shipped_file_is_the_modules_together():
    assert SHIPPED.read_text("utf-8") == bundle(), "python tools/bundle.py"


def test_modules_stay_short():
    assert [
        path.name for path in FOLDER.glob("*.js") if len(path.read_text("utf-8").splitlines()) >= 300
    ] == []


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"main.js": 'import { a } from "./a.js";\nlet a = 1;\n', "a.js": "export const a = 1;\n"},
            "both declare a",
        ),
        ({"main.js": 'import { b } from "./a.js";\n', "a.js": "export const a = 1;\n"}, "does not export"),
        ({"main.js": 'import * as a from "./a.js";\n', "a.js": "export const a = 1;\n"}, "on one line"),
    ],
)
def test_what_cannot_be_put_together_is_named(tmp_path, files, says):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=says):
        bundle(tmp_path)


def test_modules_stand_after_what_they_import(tmp_path):
    (tmp_path / "main.js").write_text('import { a } from "./a.js";\nexport default { a };\n')
    (tmp_path / "a.js").write_text('import { b } from "./b.js";\nexport function a() { return b; }\n')
    (tmp_path / "b.js").write_text("export const b = 1;\n")
    text = bundle(tmp_path)
    assert text.index("const b") < text.index("function a") < text.index("export default")
    assert "import" not in text
