"""A chapter that was run, saved, closed and opened again: its players are there, the checkout is as it was."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import lab as laboratory
import nbformat
import pytest
import test_chapters
from pages import try_player

from tools.beside import VIEW, players, sources
from tools.reading import main as lay

ROOT = Path(__file__).parents[2]
CHAPTER = "03_momentum.ipynb"


@pytest.fixture(scope="module")
def course(tmp_path_factory, browser):
    """A JupyterLab on a repository of the course, with a reader's copy."""
    with laboratory.jupyterlab(ROOT, tmp_path_factory.mktemp("reopened")) as running:
        shutil.copy(ROOT / ".gitignore", running.folder)
        for command in ("init -q", "add -A", "-c user.name=a -c user.email=a@b commit -qm course"):
            subprocess.run(["git", *command.split()], cwd=running.folder, check=True)
        os.environ["JUPYTER_DATA_DIR"], kept = str(running.data), os.environ.get("JUPYTER_DATA_DIR")
        try:
            lay(running.folder / "chapters", running.folder / "reading")
        finally:
            os.environ.pop("JUPYTER_DATA_DIR") if kept is None else os.environ.update(JUPYTER_DATA_DIR=kept)
        yield running


def changed(folder):
    status = subprocess.run(["git", "status", "--porcelain"], cwd=folder, capture_output=True, text=True)
    return status.stdout.split()


@pytest.mark.parametrize("place", ["reading", "chapters"])
def test_a_chapter_run_saved_and_closed_shows_its_players_again(place, course, visit):
    file, page = course.folder / place / CHAPTER, visit.page
    before = [output.data[VIEW].model_id for output in players(nbformat.read(file, as_version=4))]
    notebook = course.open(page, f"{place}/{CHAPTER}")
    notebook.run()
    laboratory.wait(page, "() => panel.context.save()")  # as JupyterLab does every two minutes
    notebook.close()
    page.goto("about:blank")

    saved = nbformat.read(file, as_version=4)
    ran = [output.data[VIEW].model_id for output in players(saved)]
    assert len(ran) == len(before) > 0 and not {*ran} & {*before}, "the cells were run, their players are new"
    course.open(page, f"{place}/{CHAPTER}").show(0)
    for at, cell in enumerate(saved.cells):
        if any(VIEW in output.get("data", {}) for output in cell.get("outputs", [])):
            page.evaluate("at => panel.content.scrollToItem(at, 'center')", at)
            player = page.locator(f".jp-Notebook-cell[data-windowed-list-index='{at}'] .downhill-player")
            player.wait_for()
            try_player(page, player)
    assert "not found" not in page.locator(".jp-Notebook").inner_text()
    visit.assert_quiet()

    sources(sorted((course.folder / "chapters").glob("*.ipynb")))  # what every builder asks first
    path = course.folder / "chapters" / CHAPTER
    wrong = [f for rule in test_chapters.RULES for f in rule(nbformat.read(path, as_version=4), path)]
    assert wrong == []
    if place == "reading":
        assert changed(course.folder) == []


@pytest.mark.site
def test_the_site_is_made_of_a_chapter_that_was_run_by_hand(course, visit):
    notebook = course.open(visit.page, f"chapters/{CHAPTER}")
    notebook.run()
    laboratory.wait(visit.page, "() => panel.context.save()")
    notebook.close()
    (course.folder / "book" / "node_modules").symlink_to(ROOT / "book" / "node_modules")
    made = subprocess.run(
        [sys.executable, "tools/book.py"],
        cwd=course.folder,
        env=os.environ | {"PYTHONPATH": str(course.folder)},
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    page = course.folder / "book" / "_build" / "html" / "chapters" / "03_momentum.html"
    assert VIEW in page.read_text(encoding="utf-8")
