import { describe, expect, test } from "vitest";
import { descend, heights, inside, look } from "../../lib/player/js/descend.js";
import { machine } from "../../lib/player/js/interpreter.js";
import { cases, rules, surfaces } from "./tapes.json";

const STEPS = 200;
const LIBM = new Set(["power", "hypot", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "arctan"]);
const unpacked = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const exact = (...documents) => documents.every(({ ops }) => ops.every(([name]) => !LIBM.has(name)));
const largest = (numbers) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const find = (name) => cases.find((one) => one.name === name && one.last === STEPS);

// How far the page's path is from the library's, at most; and how large that is.
function compare(one, rule = rules[one.rule], steps = STEPS) {
  const run = descend(machine(rule), machine(surfaces[one.surface]), one, steps);
  const path = unpacked(one.theta);
  const found = run.theta.flatMap((values) => [...values]);
  return { run, path, found, away: largest(found.map((value, i) => value - path[i])), size: largest(path) };
}

describe("a path of the page is the library's", () => {
  test.each(cases.map((one) => [one.name, one]))("%s", (_, one) => {
    const { run, path, found, away, size } = compare(one);
    expect(run.last).toBe(one.last);
    expect(run.diverged).toBe(one.last < STEPS);
    if (exact(rules[one.rule], surfaces[one.surface])) {
      expect(found).toEqual([...path]);
      const ends = [run.loss, run.norm].flatMap((values) => [values[0], values[STEPS]]);
      expect(ends).toEqual([...unpacked(one.ends)]);
    } else {
      // As near as the library comes to itself from a start that is an ulp away.
      expect(away).toBeLessThanOrEqual(one.shown ? 1e-12 * size : Math.max(one.moved, 1e-12 * size));
    }
  });

  test("most to the last bit, some that diverge", () => {
    expect(cases.filter((one) => exact(rules[one.rule], surfaces[one.surface])).length).toBeGreaterThan(100);
    expect(cases.filter(({ last }) => last < STEPS).length).toBeGreaterThan(10);
  });
});

describe("what is not the same is seen", () => {
  const one = find("adam, rosenbrock");
  const changed = (change) => {
    const rule = structuredClone(rules[one.rule]);
    change(rule);
    return compare(one, rule).away;
  };
  const limit = Math.max(one.moved, 1e-12);

  test("an operation's order", () => {
    const swap = (rule) =>
      rule.ops.filter(([name]) => name === "subtract").forEach((op) => op.splice(2, 2, op[3], op[2]));
    expect(changed(swap)).toBeGreaterThan(limit);
  });
  test("a constant", () => {
    expect(changed((rule) => (rule.constants[0][1] += 1e-9))).toBeGreaterThan(limit);
  });
  test("t off by one", () => {
    const late = (rule) => {
      const [t, next] = [rule.given.t, rule.registers];
      rule.ops = rule.ops.map(([name, out, ...inputs]) => [name, out, ...inputs.map((at) => (at === t ? next : at))]);
      rule.ops.unshift(["add", next, t, next + 1]);
      rule.constants.push([next + 1, 1]);
      rule.registers += 2;
    };
    expect(changed(late)).toBeGreaterThan(limit);
  });
});

test("values over a grid are those at its points, the first axis innermost", () => {
  const surface = machine(surfaces[find("adam, beale").surface]);
  const [x, y] = [
    [-1, 0, 2.5],
    [0.5, 3],
  ];
  const wanted = y.flatMap((b) => x.map((a) => look(surface, [a, b]).loss));
  expect([...heights(surface, [x, y])]).toEqual(wanted);
  const curve = machine(surfaces.find(({ name }) => name === "parabola"));
  expect([...heights(curve, [[-2, 0, 1]])]).toEqual([2, 0, 0.5]);
});

test("quantities are kept by the step that is taken from there", () => {
  const one = find("momentum, booth");
  const [rule, surface] = [machine(rules[one.rule]), machine(surfaces[one.surface])];
  const { v } = rule.document.lines[0].values;
  const run = descend(rule, surface, one, 3, [v.at]);
  const [first] = run.made;
  const { grad } = look(surface, one.start);
  expect([first[0][0], first[1][0]]).toEqual(grad);
  expect(first[0][3]).toBeNaN();
  expect(run.theta[0][1]).toBe(one.start[0] - one.given.lr[0] * grad[0]);
});

test("a run that diverges stays where it was", () => {
  const one = cases.find(({ last, name }) => last > 0 && last < STEPS && name === "gd, rosenbrock");
  const { run } = compare(one);
  expect(run.theta[0][STEPS]).toBe(run.theta[0][one.last]);
  expect(run.theta[0][one.last]).not.toBe(run.theta[0][one.last - 1]);
  expect(Number.isFinite(run.loss[STEPS])).toBe(true);
});

test("inside a step: the rule's lines, with the numbers of that step", () => {
  const one = find("momentum, booth");
  const [rule, surface] = [machine(rules[one.rule]), machine(surfaces[one.surface])];
  const run = descend(rule, surface, one, 5);
  const [velocity, last] = inside(rule, surface, one, 5);
  expect(velocity.text).toBe("v = beta * v + g");
  expect(velocity.made.map(({ name, as }) => [name, as])).toEqual([["v", "arrow"]]);
  expect(last.text).toBe("return theta - lr * v, v");
  expect(last.made[0]).toEqual({ name: "theta", as: "point", numbers: run.theta.map((values) => values[5]) });
});

test("a hyperparameter that is not given is named", () => {
  const one = find("momentum, booth");
  const run = () => descend(machine(rules[one.rule]), machine(surfaces[one.surface]), { ...one, given: { lr: 1 } }, 3);
  expect(run).toThrow("momentum needs beta");
});
