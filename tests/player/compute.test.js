import { describe, expect, test } from "vitest";
import { ready } from "../../lib/player/js/compute.js";
import { computed, expected, values } from "./help.js";

const meta = ready(computed);
const [momentum, gd] = meta.series;
const upTo = (numbers, last) => [...numbers.slice(0, last + 1)];

describe("what the library recorded", () => {
  test.each(expected.map(({ at, runs }) => [at, runs]))("the page computes, with the sliders at %j", (at, runs) => {
    for (const series of meta.series) {
      const [run, wanted] = [series.compute(values(at), meta.start), runs[series.name]];
      expect(run).toMatchObject({ last: wanted.last, diverged: wanted.diverged, series });
      expect(run.theta.map((numbers) => upTo(numbers, run.last))).toBeNear(wanted.theta, 0, 2e-8); // nine digits are kept
      expect([upTo(run.loss, run.last), upTo(run.grad_norm, run.last)]).toBeNear(
        [wanted.loss, wanted.grad_norm],
        1e-8,
        2e-8,
      );
      for (const { name, values } of run.inner.filter(({ name }) => name in (wanted.inner ?? {}))) {
        expect(values.map((numbers) => [...numbers.slice(0, run.last)])).toBeNear(wanted.inner[name], 1e-8, 2e-8);
      }
    }
  });
});

test("a start and a value between the sweep's are the run's", () => {
  const run = gd.compute([0.0125, 0.5], [1, 2]);
  expect([run.theta[0][0], run.theta[1][0]]).toEqual([1, 2]);
  // Himmelblau's gradient at (1, 2), by hand: (4·1·(1 + 2 − 11) + 2·(1 + 4 − 7), 2·(1 + 2 − 11) + 4·2·(1 + 4 − 7))
  expect([run.theta[0][1], run.theta[1][1]]).toBeNear([1 + 0.0125 * 36, 2 + 0.0125 * 32], 1e-12);
  expect(meta.start).toEqual([-3, -1]);
});

test("what is odd in the gradient is an arrow along the step, what is even a bar, its square's root", () => {
  expect(momentum.inner).toEqual([
    { name: "−g", kind: "arrow", text: "g = ∇f(θ)" },
    { name: "−v", kind: "arrow", text: "v = beta * v + g" },
    { name: "step/v", kind: "bar", text: "the step's length over that of v" },
  ]);
  const rule = {
    ...gd.rule,
    registers: 12,
    state: {},
    next: { theta: [8, 9] },
    given: { t: 0, lr: 1 },
    theta: [2, 3],
    g: [4, 5],
    constants: [],
    ops: [
      ["multiply", 6, 4, 4],
      ["multiply", 7, 5, 5],
      ["subtract", 8, 2, 4],
      ["subtract", 9, 3, 5],
      ["negative", 10, 4],
      ["negative", 11, 5],
    ],
    lines: [
      { text: "s = g * g", values: { s: { at: [6, 7], as: "bar" } } },
      { text: "d = -g", values: { d: { at: [10, 11], as: "arrow" } } },
      { text: "return theta + d", values: { theta: { at: [8, 9], as: "point" } } },
    ],
  };
  const made = ready({ ...computed, series: [{ ...gd, axes: [], rule }] }).series[0];
  expect(made.inner.map(({ name, kind }) => [name, kind])).toEqual([
    ["−g", "arrow"],
    ["√s", "bar"],
    ["d", "arrow"],
    ["step/g", "bar"],
  ]);
  const run = made.compute([], [1, 2]);
  expect(run.inner.find(({ name }) => name === "√s").values.map((s) => s[0])).toBeNear([36, 32], 1e-9);
  expect(run.lines.map(({ text, arrows }) => [text, arrows])).toEqual([
    ["g = ∇f(θ)", ["−g"]],
    ["s = g * g", []],
    ["d = -g", ["d"]],
    ["return theta + d", ["step"]],
  ]);
});

test("a line has the numbers that it made in the step on screen", () => {
  const run = momentum.compute(values([0, 1]), meta.start);
  const [gradient, velocity, end] = run.lines;
  expect([gradient.text, velocity.text, end.text]).toEqual([
    "g = ∇f(θ)",
    "v = beta * v + g",
    "return theta - lr * v, v",
  ]);
  expect(velocity.made[0].values.map((v) => v[0])).toEqual(gradient.made[0].values.map((g) => g[0])); // from rest
  expect(end.made[0].values.map((theta) => theta[2])).toEqual(run.theta.map((theta) => theta[3]));
});

test("sliders go between values where the page computes all that they move, and none is a count", () => {
  expect(meta.axes.map(({ between }) => between)).toEqual([true, true]);
  const [beta] = [{ ...momentum.rule, ranges: { ...momentum.rule.ranges, beta: { lowest: 1, whole: true } } }];
  expect(
    ready({ ...computed, series: [{ ...computed.series[0], rule: beta }, computed.series[1]] }).axes.map(
      ({ between }) => between,
    ),
  ).toEqual([true, false]);
  const recorded = { ...computed.series[1], rule: undefined, given: undefined };
  expect(
    ready({ ...computed, series: [computed.series[0], { ...recorded, inner: [] }] }).axes.map(({ between }) => between),
  ).toEqual([false, true]);
  expect(ready({ ...computed, surface: null, series: [] }).axes).toBe(computed.axes);
});

test("of the steps taken those are shown that were recorded", () => {
  const seldom = ready({ ...computed, steps: [0, 3, 6, 7] }).series[1];
  const [all, some] = [gd, seldom].map((series) => series.compute(values([0, 0]), meta.start));
  expect([...some.loss]).toEqual([0, 3, 6, 7].map((k) => all.loss[k]));
  expect(some.last).toBe(3);
});

test("a run that begins outside of the finite numbers has no point", () => {
  expect(gd.compute(values([0, 0]), [1e200, 0])).toMatchObject({ last: -1, diverged: true });
});
