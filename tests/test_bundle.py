"""The player's modules become one text; what cannot be put together is named."""

import pytest

from lib.player import Player
from lib.player.bundle import FOLDER, bundle
from lib.player.playground import Playground


def test_every_module_is_in_the_playground_and_a_player_has_nothing_of_the_playgrounds_own():
    def modules(widget):
        return {path.name for path in FOLDER.glob("*.js") if f"\n// {path.name}\n" in widget._esm}

    assert modules(Playground) == {path.name for path in FOLDER.glob("*.js")}
    assert modules(Playground) - modules(Player) == {"playground.js", "relief.js", "landscape.js"}
    for widget in (Player, Playground):
        assert widget._esm.count("export default") == 1 and "\nexport default { render" in widget._esm[-60:]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        (
            {"main.js": 'import { a } from "./a.js";\nlet a = 1;\n', "a.js": "export const a = 1;\n"},
            "both declare a",
        ),
        (
            {
                "main.js": 'import { a } from "./a.js";\nconst [b, c] = [1, 2];\n',
                "a.js": "export const a = 1;\nconst c = 3;\n",
            },
            "both declare c",
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
