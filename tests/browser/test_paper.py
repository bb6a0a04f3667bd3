"""A printed player beside the one on the screen: ground, axes, path and marks where they were."""

import lab as laboratory
import numpy as np
import pytest
from page import Screen
from paper import NEAR, assert_same, look, pictured, printed

from lib.descend import descend, sweep
from lib.optimizers import gd, momentum
from lib.player import Player
from lib.player.playground import Playground
from lib.plotting import style
from lib.surfaces import booth

DARK = """html { color-scheme: dark; background: #111; color: #ddd;
    --jp-ui-font-color1: #ddd; --jp-layout-color0: #111; --jp-border-color2: #444; }"""
MARKS = {"momentum": style("momentum")["color"], "minimum": "#000000"}
SHIFTS = {
    "ground": ".sheet [vector-effect] { translate: 8px 0; }",
    "path": ".sheet path:not([vector-effect]) { translate: 8px 0; }",
    "axes": ".sheet text { translate: 8px 0; }",
    "size": ".sheet [vector-effect] { scale: 1.1; }",
}


@pytest.fixture
def ball():
    return Player({"momentum": descend(booth, (-8, 0), momentum(lr=0.01), 12)})


def paper(page):
    (sheet,) = printed(page, format="A4")
    return sheet


@pytest.mark.parametrize("width", ["900px", "600px", "360px"])
def test_a_printed_player_is_the_one_on_the_screen(screen, ball, width):
    on = screen(ball, width=width)
    on.page.set_viewport_size({"width": 1280, "height": 1400})
    shown = look(pictured(on.root), MARKS)
    picture, _ = paper(on.page)
    seen = look(picture, MARKS)
    assert_same(seen, shown)
    # And both are true: in the window [-10, 10]² the path ends where it was computed, the minimum is at (1, 3).
    for name, point in {"momentum": ball._runs["momentum"].theta.values[-1], "minimum": (1, 3)}.items():
        place = (point[0] + 10) / 20, (10 - point[1]) / 20
        assert np.allclose(seen.marks[name], place, atol=NEAR)
    assert np.allclose(seen.ticks, [0, 0.25, 0.5, 0.75, 1], atol=NEAR)


@pytest.mark.parametrize("shifted", SHIFTS)
def test_what_is_out_of_place_on_paper_is_noticed(screen, ball, shifted):
    on = screen(ball)
    shown = look(pictured(on.root), MARKS)
    on.page.add_style_tag(content=SHIFTS[shifted])
    picture, _ = paper(on.page)
    with pytest.raises(AssertionError, match=r"momentum|ticks|levels|ground|mark"):
        assert_same(look(picture, MARKS), shown)


def test_paper_says_the_settings_and_has_nothing_to_press(screen, inside):
    on = screen(inside)
    _, words = paper(on.page)
    assert "ravine(kappa=10) · η = 0.1 · step 40 of 40" in words and "‖∇f‖" in words and "adam" in words
    buttons = on.root.get_by_role("button").all_inner_texts()
    assert "Play" in buttons and not {*filter(None, buttons), "speed", "view"} - {"adam"} & set(words.split())
    assert on.page.evaluate("document.querySelector('.sheet').childElementCount") == 0, (
        "it stays on the screen"
    )
    assert on.button("Play").is_visible()


def test_paper_says_where_a_preset_led_and_has_no_preset(screen):
    grid = sweep(booth, (-8, 0), gd, 30, lr=[0.01, 0.02, 0.05])
    on = screen(Player(grid, presets={"creep": {"lr": 0.02, "step": 7}, "leap": {"lr": 0.05}}))
    on.button("creep").click()
    _, words = paper(on.page)
    assert "booth · η = 0.02 · step 7 of 30" in words and not {"creep", "leap"} & set(words.split())
    assert on.button("creep").is_visible()


def test_paper_says_all_that_is_chosen_in_the_playground_and_has_no_choices(screen):
    on = screen(Playground())
    form = on.page.get_by_role("form", name="What races").inner_text()
    on.page.get_by_label("surface", exact=True).select_option("ravine")
    on.page.get_by_label("schedule").select_option("cosine")
    on.root.get_by_role("slider", name="κ").press("ArrowLeft")
    on.scrub.fill("150")
    picture, words = paper(on.page)
    said = " ".join(words.split())
    assert "ravine · κ = 10 · gd cosine η = 0.01 · momentum cosine η = 0.01, β = 0.9" in said
    assert "rmsprop cosine η = 0.08, ρ = 0.9, ε = 1·10⁻⁸" in said and "step 150 of 200" in said
    for pressed in ("Methods that step matrices", "schedule of", "method 1", "Play", "Loop", "3-D"):
        assert pressed not in said
    assert "Methods that step matrices" in form
    last = np.asarray(picture.convert("L"))[:, -20:]
    assert (last > 250).all(), "something is cut off at the right"
    assert on.page.get_by_label("surface", exact=True).is_visible()


def test_paper_is_light_and_as_wide_whatever_the_screen_is(browser, ball):
    pictures = []
    for style_, width, scheme in [("", 1280, "light"), (DARK, 1280, "dark"), (DARK, 390, "dark")]:
        with laboratory.visit(browser, color_scheme=scheme) as seen:
            seen.page.set_viewport_size({"width": width, "height": 900})
            on = Screen(seen.page, ball, width="100%", style=style_)
            before = on.picture(), on.picture(".map .ground")
            picture, _ = paper(seen.page)
            pictures.append(np.asarray(picture.crop(look(picture, {}).box)))
            assert (on.picture(), on.picture(".map .ground")) == before
            seen.assert_quiet()
    assert (pictures[0] == pictures[1]).all() and (pictures[0] == pictures[2]).all()


def test_two_players_on_one_page_are_both_whole(screen, ball):
    on = screen(ball)
    on.page.evaluate(
        "document.querySelector('#host').after(Object.assign(document.createElement('div'), { id: 'other' }))"
    )
    on.page.evaluate(
        "document.querySelector('#host').id = 'first'; document.querySelector('#other').id = 'host'"
    )
    on.mount(on.page, ball)
    picture, _ = paper(on.page)
    upper = look(picture, MARKS)
    below = upper.box[3] + 60
    assert_same(look(picture.crop((0, below, picture.width, picture.height)), MARKS), upper)
