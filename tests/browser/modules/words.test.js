import { outcomes, point, settings, tell, title, where } from "./words.js";
import { onDark } from "./page.js";
import { bars, barsText } from "./charts.js";
import { equal } from "./check.js";

const meta = { window: [[-2, 2], [-2, 2]], floor: 1, steps: [0, 10, 20], axes: [{ name: "lr", values: [0.1, 0.2] }], series: [{}, {}], coords: ["x", "y"] };
const run = { series: { name: "gd", axes: [0] }, theta: [[1, -0.00001, 9e9], [0.5, 2, 3]], loss: [2, 0.25, 0], last: 1, diverged: true, inner: [] };

export function a_point_has_the_digits_its_window_needs() {
  equal([point(meta, run, 0), point(meta, run, 1)], ["(1.000, 0.500)", "(0.000, 2.000)"]);
}

export function an_outcome_is_said_in_words() {
  equal([tell(meta, run, 1), tell(meta, run, 2), tell(meta, { last: -1 }, 0)], ["f = 1.25", "diverged after step 10", "no finite point"]);
  equal(outcomes(meta, [run, run], 2), "gd diverged after step 10; gd diverged after step 10");
  equal(where(meta, 1), "step 10 of 20");
}

export function a_pinned_run_says_where_the_sliders_were() {
  equal(title(meta, { ...run, at: [1] }), "gd pinned: lr 0.2");
  equal(settings(meta, [0]), "lr 0.1");
}

export function bars_are_told_too() {
  const inner = [{ name: "√v", kind: "bar", values: [[0.5, 2], [3, NaN]] }, { name: "−g", kind: "arrow", values: [] }];
  const state = { step: 0.7, bars: new Set(["√v", "−g"]), shown: () => [{ ...run, inner }] };
  const groups = bars(meta, state);
  equal([groups.length, groups[0].range], [1, [0.1, 10]]);
  equal(barsText(groups, state), "√v: gd x 0.500, gd y 3.00");
}

export function colours_on_a_dark_page_are_light_enough() {
  const light = (color) => onDark(color).match(/\d+/g).reduce((sum, v, i) => sum + [0.3, 0.6, 0.1][i] * v, 0);
  for (const color of ["#000000", "#0072B2", "#009E73", "#D55E00", "#CC79A7", "#616161", "#803900"]) equal(light(color) > 100, true);
}
