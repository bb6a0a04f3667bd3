"""Each chapter in a real JupyterLab: it runs, its pictures move, and no request leaves the machine."""

from pathlib import Path

import pytest

COURSE = Path(__file__).parents[2]
CHAPTERS = sorted(path.name for path in (COURSE / "chapters").glob("[0-9][0-9]_*.ipynb"))
PICTURE = "root => root.querySelector('canvas').toDataURL()"


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_chapter_runs_and_its_players_play(chapter, lab, visit):
    page = visit.page
    notebook = lab.open(page, f"chapters/{chapter}")
    notebook.run()
    cells = notebook.code()
    for cell in cells:
        errors = ["\n".join(o["traceback"]) for o in cell["outputs"] if o["output_type"] == "error"]
        expected = "raises-exception" in cell["metadata"].get("tags", [])
        assert bool(errors) == expected, (
            errors or f"cell {cell['at']} is tagged raises-exception and raises none"
        )
    filled = [cell["execution_count"] for cell in cells if "".join(cell["source"]).strip()]
    assert filled == list(range(1, len(filled) + 1))
    for cell in cells:
        if not any(is_player(o) for o in cell["outputs"]):
            continue
        notebook.show(cell["at"])
        player = page.locator(f".jp-Cell[data-windowed-list-index='{cell['at']}'] .downhill-player")
        player.wait_for()
        page.wait_for_function(
            "root => root.querySelector('canvas').width > 300", arg=player.element_handle()
        )
        before = player.evaluate(PICTURE)
        player.get_by_role("button", name="Play").click()
        page.wait_for_function(
            "([root, before]) => root.querySelector('canvas').toDataURL() !== before",
            arg=[player.element_handle(), before],
        )
        assert player.get_by_role("slider", name="Step").input_value() != ""
        player.get_by_role("button", name="Pause").click()
    notebook.close()
    visit.assert_quiet()


def is_player(output):
    """A player's output carries the widget, a still and a digest."""
    data = output.get("data", {})
    return "application/vnd.jupyter.widget-view+json" in data and "digest " in "".join(
        data.get("text/plain", "")
    )
