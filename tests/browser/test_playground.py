"""The playground: what is chosen races, with no kernel, and the Python that it copies makes the same paths."""

import lab as laboratory
import numpy as np
import pytest
from page import Screen

from lib import surfaces
from lib.descend import descend
from lib.player import Player
from lib.player.playground import Playground
from lib.recipe import MAKERS, recipe

MADE = Playground()
RULES, SURFACES, SCHEDULES = (list(MADE.choices[name]) for name in ("rules", "surfaces", "schedules"))

# What the page makes of a choice: the Python it would copy, and the path of each run.
PATHS = """async ({ esm, choices, chosen }) => {
    const text = esm + "\\nexport { metaOf, ready, code, openingAt };";
    const page = await import(URL.createObjectURL(new Blob([text], { type: "text/javascript" })));
    const meta = page.ready(page.metaOf(choices, chosen));
    const opening = page.openingAt(choices, chosen);
    const at = meta.axes.map(({ name }) => chosen.at?.[name] ?? opening[name]);
    const runs = meta.series.map((series) => series.compute(at, chosen.start ?? meta.start));
    return {
        python: page.code(meta, at, chosen.start ?? meta.start, meta.series),
        runs: runs.map(({ theta, last }) => ({ theta: theta.map((values) => [...values].map(String)), last })),
    };
}"""


# The clipboard of a page that has none.
KEEP = """Object.defineProperty(navigator, 'clipboard', {
    value: { writeText: async (text) => (window.copied = text) },
})"""


@pytest.fixture(scope="module")
def page(browser):
    with laboratory.visit(browser) as seen:
        seen.page.set_content("<!doctype html>")
        yield seen.page
        seen.assert_quiet()


def made(text):
    """The runs that a copied text makes, by the name in it."""
    there = {}
    exec(text, there)
    runs = there["runs"]
    return runs if isinstance(runs, dict) else {recipe(runs)["rule"].name: runs}


def near(run):
    """How far the library comes to lie from itself when the start is moved by an ulp."""
    how = recipe(run)
    opt, start = how["rule"](**how["hyperparameters"]), run.theta.values[0][:, None]
    ulp = np.diag(np.spacing(np.abs(start[:, 0])))
    runs = descend(
        how["surface"], np.concatenate([start, start + ulp, start - ulp], axis=1), opt, how["steps"]
    )
    theta = runs.theta.values
    return float(np.max(np.abs(theta[..., 1:] - theta[..., :1])))


def cases():
    """Every surface, every rule and every schedule."""
    rng = np.random.default_rng(18)
    for i in range(max(len(SURFACES), len(RULES))):
        first = RULES[i % len(RULES)]
        others = [str(name) for name in rng.permutation([name for name in RULES if name != first])[: i % 4]]
        schedule = ["constant", *SCHEDULES][i % (1 + len(SCHEDULES))]
        yield {"surface": SURFACES[i % len(SURFACES)], "rules": [first, *others], "schedule": schedule}


ARGUMENTS = [
    {"surface": "ravine", "rules": ["momentum", "adam"], "schedule": "constant", "at": {"kappa": 137.2}},
    {
        "surface": "quadratic",
        "rules": ["gd", "rmsprop"],
        "schedule": "wsd",
        "at": {"lambda1": 0.3162, "lambda2": 25},
    },
]
"""Arguments of a surface between the ticks of their sliders."""


@pytest.mark.parametrize(
    "chosen", [*cases(), *ARGUMENTS], ids=lambda one: f"{one['surface']}, {one['schedule']}"
)
def test_the_python_makes_the_path_of_the_page(page, chosen):
    found = page.evaluate(PATHS, {"esm": str(MADE._esm), "choices": MADE.choices, "chosen": chosen})
    runs = made(found["python"])
    assert list(runs) == chosen["rules"]
    for name, value in chosen.get("at", {}).items():
        assert str(value) in found["python"] and name not in found["python"].replace("kappa=", "")
    for run, seen in zip(runs.values(), found["runs"], strict=True):
        path = np.array(seen["theta"], float).T
        away = np.max(np.abs(path - run.theta.values))
        assert away <= max(near(run), 1e-12 * np.max(np.abs(path)))


def test_a_start_that_was_moved_is_in_the_python(page):
    chosen = {"surface": "booth", "rules": ["adam"], "schedule": "cosine", "start": [1.25, -3]}
    found = page.evaluate(PATHS, {"esm": str(MADE._esm), "choices": MADE.choices, "chosen": chosen})
    (run,) = made(found["python"]).values()
    assert run.theta.values[0].tolist() == [1.25, -3]
    np.testing.assert_allclose(np.array(found["runs"][0]["theta"], float).T, run.theta.values, rtol=1e-12)


@pytest.mark.parametrize("how", ["mouse", "touch", "keys"])
def test_a_surfaces_argument_slides_and_moves_map_and_runs(browser, how):
    """By mouse, finger and keys, between its ticks too; the copied Python has it, and makes the run on screen."""
    with laboratory.visit(browser, has_touch=how == "touch") as seen:
        on = Screen(seen.page, MADE)
        on.page.get_by_label("surface", exact=True).select_option("ravine")
        slider = on.root.get_by_role("slider", name="κ, in the code kappa", exact=True)
        assert slider.get_attribute("aria-valuetext") == "100"
        on.scrub.fill("3")
        ground, row = on.picture(".map .ground"), on.row(1)
        if how == "keys":
            slider.press("Shift+ArrowLeft")
        else:
            box = slider.bounding_box()
            at = {"x": 0.55 * box["width"], "y": box["height"] / 2}
            (slider.tap if how == "touch" else slider.click)(position=at)
        value = float(slider.get_attribute("aria-valuetext"))
        assert value not in MADE.choices["surfaces"]["ravine"]["axes"][0]["values"] and 10 < value < 100
        assert on.picture(".map .ground") != ground and on.row(1) != row
        on.page.evaluate(KEEP)
        on.button("Copy code").click()
        run = made(on.page.evaluate("copied"))["momentum"]
        assert recipe(run)["surface"].name.startswith("ravine(kappa=")
        assert float(on.row(1)[2]) == pytest.approx(float(run.loss[3]), rel=0.005)
        seen.assert_quiet()


def test_what_is_kept_says_the_argument_it_was_made_with(screen):
    on = screen(MADE)
    on.page.get_by_label("surface", exact=True).select_option("quadratic")
    on.button("Keep to compare").click()
    on.root.get_by_role("slider", name="λ₂, in the code lambda2").press("ArrowLeft")
    kept = on.root.locator("tbody tr.pinned")
    assert kept.first.inner_text().replace("\n", " ").startswith("gd kept: λ₂ = 100")


@pytest.mark.parametrize("touch", [False, True])
def test_what_is_chosen_races(browser, touch):
    with laboratory.visit(browser, has_touch=touch) as seen:
        on = Screen(seen.page, MADE)
        assert [on.row(i)[0].strip() for i in range(4)] == ["gd", "momentum", "rmsprop", "adam"]
        on.page.get_by_label("surface", exact=True).select_option("ravine")
        on.page.get_by_label("method 4").select_option("none")
        on.page.get_by_label("method 1").select_option("lion")
        on.page.get_by_label("schedule").select_option("cosine")
        assert [on.row(i)[0].strip() for i in range(3)] == ["lion", "momentum", "rmsprop"]
        assert on.root.locator("tbody tr").count() == 3
        before = on.row(0)
        slider = on.root.get_by_role("slider", name="η of lion, in the code lr")
        slider.press("ArrowRight")
        assert on.row(0) != before
        moved = slider.get_attribute("aria-valuetext")
        on.page.get_by_label("schedule").select_option("constant")
        assert slider.get_attribute("aria-valuetext") == moved  # what stays keeps its place
        before = on.row(1)
        (on.map.tap if touch else on.map.click)(position={"x": 200, "y": 120})
        assert on.row(1) != before
        on.button("Inside a step").click()
        assert "m = beta2 * m" in on.root.locator(".inside").inner_text()
        on.button("Keep to compare").click()
        assert on.root.locator("tbody tr.pinned").count() == 3
        on.page.evaluate(KEEP)
        on.button("Copy code").click()
        assert list(made(on.page.evaluate("copied"))) == ["lion", "momentum", "rmsprop"]
        seen.assert_quiet()


def test_the_keyboard_chooses(screen):
    on = screen(MADE)
    choice = on.page.get_by_label("surface", exact=True)
    choice.focus()
    on.page.keyboard.press("b")  # as far as the next that begins so
    for _ in range(3):
        on.page.keyboard.press("ArrowDown")
    assert on.root.get_attribute("aria-label").endswith(choice.input_value())


def test_every_surface_is_drawn(screen):
    on = screen(MADE)
    seen = set()
    for name in SURFACES:
        on.page.get_by_label("surface", exact=True).select_option(name)
        assert on.root.get_attribute("aria-label").endswith(MADE.choices["surfaces"][name]["title"])
        seen.add(on.picture(".map .ground"))
    assert len(seen) >= len(SURFACES) - 1  # ravine and quadratic open alike


def test_its_documents_are_small():
    assert len(repr(MADE.choices)) < 130_000
    assert {"muon", "shampoo"} <= {*MADE.choices["left"]} and len(RULES) == 20 and len(SURFACES) >= 20


def test_every_surface_of_two_coordinates_at_most_can_be_chosen():
    plain = {name for name, f in vars(surfaces).items() if isinstance(f, surfaces.Surface)}
    families = {name for name, maker in MAKERS.items() if maker.__module__ == "lib.surfaces"}
    assert {*SURFACES} == plain | families


def test_every_schedule_of_one_peak_can_be_chosen():
    made = {name for name, maker in MAKERS.items() if maker.__module__ == "lib.schedules"}
    assert {*SCHEDULES} == made - {"constant", "join"}


def test_it_is_a_player():
    assert isinstance(MADE, Player) and MADE.still()[:4] == b"\x89PNG"
