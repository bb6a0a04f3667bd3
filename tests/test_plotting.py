"""Plotting: each function draws what it is given, at the right spot, in the style the method has everywhere."""

import inspect

import matplotlib
import numpy as np
import pytest
import xarray as xr
from matplotlib import colors
from table import TABLE

from lib import plotting, surfaces
from lib.descend import descend, sweep
from lib.optimizers import adam, gd, momentum
from lib.plotting import STYLES, heatmap, heights, landscape, losses, path, relief, style
from lib.problems import Noise
from lib.surfaces import Surface, beale, booth, double_well, monkey_saddle, parabola, quadratic, saddle

matplotlib.use("Agg")
import matplotlib.pyplot as plt

OKABE_ITO = {"#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"}
ALL = [s for s in vars(surfaces).values() if isinstance(s, Surface)]


@pytest.fixture
def ax():
    """An Axes that is drawn when the test is over, so that what fails only then fails too."""
    figure, ax = plt.subplots()
    yield ax
    figure.canvas.draw()
    plt.close("all")


def line_of(ax, label):
    return next(line for line in ax.lines if line.get_label() == label)


def looks(name):
    return tuple(style(name).values())


# Styles.


def test_no_two_methods_look_the_same():
    assert len({looks(name) for name in STYLES}) == len(STYLES)
    assert len({looks(name)[:2] for name in STYLES}) == len(STYLES)  # `losses` draws no markers


def test_every_rule_of_the_table_has_a_style_of_its_own():
    assert {row.rule.name for row in TABLE} <= STYLES.keys()


def test_the_colours_are_okabe_and_itos():
    assert {color for color, _, _ in STYLES.values()} <= OKABE_ITO


def test_a_variant_looks_like_its_method_and_a_stranger_the_same_each_time():
    for name in ("adam, tuned", "adam(lr=0.1)", "adam , β₁ = 0", "adam"):
        assert style(name) == style("adam") == {"color": "#0072B2", "linestyle": "-", "marker": "X"}
    assert style("adamw") != style("adam")
    assert style("my rule") == style("".join(["my ", "rule"]))  # by its letters, not by its object
    assert looks("my rule") not in {looks(name) for name in STYLES}


def test_the_style_sheet_loads():
    with plt.style.context("lib.downhill"):
        pass


# Landscapes.


def test_heights_are_the_surfaces_values_on_the_grid():
    x, y, values = heights(booth, ((0, 2), (1, 5)), points=5)
    assert x.tolist() == [0, 0.5, 1, 1.5, 2]
    assert y.tolist() == [1, 2, 3, 4, 5]
    assert values.shape == (5, 5)
    assert values[2, 2] == 0  # booth's minimum, (1, 3)
    assert values[0, 1] == booth((0.5, 1)) != values[1, 0]


@pytest.mark.parametrize("f", ALL, ids=repr)
def test_a_landscape_shows_the_window_the_names_and_the_marked_points(f, ax):
    assert landscape(f, ax) is ax
    assert ax.get_xlim() == f.window[0]
    assert ax.get_xlabel() == f.coords[0]
    if len(f.window) == 1:
        assert ax.get_ylabel() == "f"
        x, y = ax.lines[0].get_data()
        np.testing.assert_array_equal(y, f(x[None]))
        return
    assert ax.get_ylim() == f.window[1]
    assert ax.get_ylabel() == f.coords[1]
    marked = [tuple(xy) for c in ax.collections if hasattr(c, "get_sizes") for xy in c.get_offsets()]
    drawn = {point for point in marked if point in {*f.minima, *f.saddles}}
    assert drawn == {*f.minima, *f.saddles}


def test_a_landscape_of_another_window_leaves_out_what_is_outside(ax):
    landscape(beale, ax, window=((-1, 1), (0, 2)))
    assert (ax.get_xlim(), ax.get_ylim()) == ((-1, 1), (0, 2))
    marked = [tuple(xy) for c in ax.collections for xy in c.get_offsets()]
    assert (0, 1) in marked
    assert (3, 0.5) not in marked


@pytest.mark.parametrize("f", [beale, saddle, monkey_saddle, booth], ids=repr)
def test_low_is_light_and_high_is_dark(f, ax):
    filled = landscape(f, ax).collections[0]
    luminance = colors.to_rgba_array(filled.get_facecolor())[:, :3].sum(axis=1)
    assert (np.diff(luminance) < 0).all()


def test_a_landscape_of_three_coordinates_is_refused(ax):
    with pytest.raises(ValueError, match=r"quadratic\(1, 2, 3\) has 3 coordinates; a map shows one or two"):
        landscape(quadratic(1, 2, 3), ax)


def test_a_relief_is_drawn_from_the_surface():
    figure = plt.figure()
    ax = relief(beale, figure.add_subplot(projection="3d"), points=11)
    figure.canvas.draw()
    assert (ax.get_xlabel(), ax.get_ylabel(), ax.get_zlabel()) == ("x", "y", "f")
    assert ax.get_zlim()[1] >= beale((-4.5, -4.5))
    plt.close(figure)


# Paths and losses.


def test_a_path_is_the_iterates_in_its_methods_style(ax):
    run = descend(booth, (0, 0), momentum(lr=0.01), 60)
    assert path(run, ax) is ax
    line = line_of(ax, "momentum")
    np.testing.assert_array_equal(np.transpose(line.get_data()), run.theta.values)
    assert line.get_color() == style("momentum")["color"]
    assert line.get_marker() == "s"
    assert line.get_markevery() == [*range(40), 60]


def test_a_path_of_one_coordinate_climbs_its_curve(ax):
    run = descend(double_well, [2.0], gd(lr=0.01), 5)
    path(run, ax, label="gd, slow", linewidth=7)
    line = line_of(ax, "gd, slow")
    np.testing.assert_array_equal(line.get_xdata(), run.theta.values[:, 0])
    np.testing.assert_array_equal(line.get_ydata(), run.loss.values)
    assert line.get_linewidth() == 7
    assert line.get_color() == style("gd")["color"]


def test_a_label_that_names_no_method_keeps_the_methods_style(ax):
    path(descend(booth, (1, 2), momentum(lr=0.01), 3), ax, label="too fast")
    assert line_of(ax, "too fast").get_color() == style("momentum")["color"]


def test_a_path_of_no_step_is_a_point(ax):
    path(descend(booth, (1, 2), gd(lr=0.1), 0), ax)
    assert line_of(ax, "gd").get_xydata().tolist() == [[1, 2]]


def test_a_path_of_many_runs_is_refused(ax):
    grid = sweep(booth, (0, [0, 1]), gd, 3, lr=[0.1, 0.2])
    with pytest.raises(
        ValueError, match=r"a path is one run; this has start_y, lr\. Choose with \.sel or \.isel"
    ):
        path(grid, ax)
    path(grid.sel(start_y=1, lr=0.1), ax)
    assert line_of(ax, "gd").get_xydata()[0].tolist() == [0, 1]


def test_losses_draw_one_line_a_run_over_the_step(ax):
    runs = {
        "gd": descend(booth, (0, 0), gd(lr=0.01), 20),
        "adam": descend(booth, (0, 0), adam(lr=0.1), 30, every=10),
    }
    assert losses(runs, ax) is ax
    assert len(ax.lines) == 2
    for name, run in runs.items():
        np.testing.assert_array_equal(line_of(ax, name).get_data(), (run.step, run.loss))
        assert line_of(ax, name).get_color() == style(name)["color"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["gd", "adam"]
    assert (ax.get_yscale(), ax.get_xlabel(), ax.get_ylabel()) == ("log", "step", "f")


def test_losses_of_several_seeds_are_their_mean_and_one_is_bold(ax):
    seeds = sweep(booth, (-8, 0), gd, 20, lr=0.05, gradient=Noise(1.0), seed=[0, 1, 2])
    losses({"gd": seeds, "adam": seeds}, ax, bold="adam")
    plain, bold = ax.lines
    np.testing.assert_allclose(
        plain.get_ydata(), (seeds.loss[:, 0] + seeds.loss[:, 1] + seeds.loss[:, 2]) / 3
    )
    assert plain.get_linewidth() < 2.5 < bold.get_linewidth() == 3


def test_losses_above_the_minimum_leave_out_what_reaches_it(ax):
    run = descend(parabola, [1.0], gd(lr=1.0), 2)  # 1/2, then 0, 0
    losses({"gd": run}, ax)
    np.testing.assert_array_equal(line_of(ax, "gd").get_ydata(), [0.5, np.nan, np.nan])
    other = losses({"gd": run}, plt.figure().gca(), above=-1.5)
    assert line_of(other, "gd").get_ydata().tolist() == [2, 1.5, 1.5]
    assert other.get_ylabel() == "f − minimum"


# Heat maps.


def grid_of(values, lr=(0.1, 0.2, 0.3), beta=(0.0, 0.5)):
    return xr.DataArray(
        np.array(values, float), coords={"lr": list(lr), "beta": list(beta)}, dims=["lr", "beta"]
    )


VALUES = [[4, 3], [2, np.nan], [5, 6]]


def ring(ax):
    return [tuple(line.get_xydata()[0]) for line in ax.lines]


def test_a_heatmap_shows_its_values_its_axes_and_the_best(ax):
    assert heatmap(grid_of(VALUES), ax, label="last f") is ax
    mesh = ax.collections[0]
    np.testing.assert_array_equal(mesh.get_array().filled(-1), [[4, 2, 5], [3, -1, 6]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("lr", "beta")
    assert (ax.get_xscale(), ax.get_yscale()) == ("linear", "linear")
    assert ring(ax) == [(0.2, 0.0)]
    assert isinstance(mesh.norm, colors.LogNorm)
    assert mesh.colorbar.ax.get_ylabel() == "last f"


def test_where_a_heatmap_has_no_value_its_hatched_ground_shows(ax):
    mesh = heatmap(grid_of(VALUES), ax).collections[0]
    assert mesh.get_array().mask.tolist() == [[False] * 3, [False, True, False]]
    assert mesh.to_rgba(mesh.get_array())[1, 1, 3] == 0
    assert ax.patch.get_hatch() == "///"


def test_a_value_of_zero_is_the_best_not_a_missing_one(ax):
    # gd with lr = 1/λ is at the minimum of a quadratic after one step
    grid = sweep(quadratic(1.0, 1.0), (1, 1), momentum, 3, lr=[0.5, 1.0, 1.5], beta=[0.0, 0.1])
    last = grid.loss.isel(step=-1)
    assert last.sel(lr=1, beta=0) == 0
    mesh = heatmap(last, ax).collections[0]
    assert ring(ax) == [(1.0, 0.0)]
    assert not np.ma.getmaskarray(mesh.get_array()).any()
    assert (mesh.to_rgba(mesh.get_array())[..., 3] == 1).all()


def test_no_ring_when_none_is_wanted(ax):
    heatmap(grid_of(VALUES), ax, best=False)
    assert not ax.lines


def test_a_heatmap_of_diverged_runs_only_is_hatched_all_over(ax):
    heatmap(grid_of(VALUES).where(False), ax)
    assert ax.patch.get_hatch() == "///"
    assert not ax.lines


@pytest.mark.parametrize("values", [np.ones((3, 2)), np.zeros((3, 2)), [[0, 2]] * 3, [[-1, 2]] * 3])
def test_a_heatmap_of_equal_or_of_no_positive_values_is_drawn(values, ax):
    heatmap(grid_of(values), ax)


def test_axes_that_span_decades_are_logarithmic_and_every_cell_is_whole(ax):
    lr = np.geomspace(1e-3, 1, 4)
    values = grid_of([[1, 2], [3, 4], [5, 6], [7, 8]], lr=lr)
    mesh = heatmap(values, ax).collections[0]
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    edges = mesh.get_coordinates()[0, :, 0]
    np.testing.assert_allclose(edges, np.geomspace(10**-3.5, 10**0.5, 5))  # halfway, as the axis counts
    np.testing.assert_allclose(ax.get_xlim(), edges[[0, -1]])
    assert ring(ax) == [(1e-3, 0)]


@pytest.mark.parametrize("dims", [1, 3])
def test_a_heatmap_of_another_number_of_dimensions_is_refused(dims, ax):
    with pytest.raises(ValueError, match="a heat map has two dimensions; these values have "):
        heatmap(xr.DataArray(np.ones((2,) * dims)), ax)


def test_a_function_given_no_axes_draws_on_the_current_one(ax):
    run = descend(booth, (0, 0), gd(lr=0.01), 3)
    for draw in (lambda: landscape(booth), lambda: path(run), lambda: losses({"gd": run})):
        assert draw() is ax
    public = [
        name
        for name, f in vars(plotting).items()
        if inspect.isfunction(f) and f.__module__ == plotting.__name__
    ]
    assert {"landscape", "path", "losses", "heatmap", "relief", "style", "heights"} <= set(public)
