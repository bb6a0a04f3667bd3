import { describe, expect, test } from "vitest";
import { descend, heights, inside, look } from "../../lib/player/js/descend.js";
import { machine } from "../../lib/player/js/interpreter.js";
import { cases, rules, surfaces } from "./tapes.json";

const STEPS = 200;
const LIBM = new Set(["power", "hypot", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "arctan"]);
const unpacked = (text) => new Float64Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const exact = (...documents) => documents.every(({ ops }) => ops.every(([name]) => !LIBM.has(name)));
const largest = (numbers) => numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const find = (name, may = () => true) => cases.find((one) => one.name === name && one.last === STEPS && may(one));

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

  test("of every rule and every surface, to the end", () => {
    const whole = cases.filter(({ last }) => last === STEPS);
    const names = (documents, of) =>
      [documents.map(({ name }) => name), of.map((i) => documents[i].name)].map((all) => new Set(all));
    for (const [all, found] of [
      names(
        rules,
        whole.map(({ rule }) => rule),
      ),
      names(
        surfaces,
        whole.map(({ surface }) => surface),
      ),
    ])
      expect(found).toEqual(all);
  });

  test("most to the last bit, some that diverge", () => {
    expect(cases.filter((one) => exact(rules[one.rule], surfaces[one.surface])).length).toBeGreaterThan(100);
    expect(cases.filter(({ last }) => last < STEPS).length).toBeGreaterThan(10);
  });
});

// A rule that is changed: whether one of its cases leaves the library's path, or diverges at another step.
describe("what is not the same is seen, in each rule", () => {
  const everyOne = rules
    .map((rule, i) => [rule, cases.filter((one) => one.rule === i)])
    .filter(([rule, of]) => rule.theta.length > 1 && of.some(({ last }) => last === STEPS));
  const seen = ([rule, of], change) => {
    const changed = structuredClone(rule);
    change(changed);
    return of.some((one) => {
      const { run, away, size } = compare(one, changed);
      return run.last !== one.last || !(away <= Math.max(one.moved, 1e-12 * size));
    });
  };
  // The operations that θ comes from: others make what only the lines show.
  const needed = ({ ops, next }) => {
    const registers = new Set(Object.values(next).flat());
    const found = [];
    for (const op of [...ops].reverse()) {
      const [, out, ...inputs] = op;
      if (!registers.has(out)) continue;
      inputs.forEach((at) => registers.add(at));
      found.push(op);
    }
    return found;
  };

  test("an operation's order", () => {
    const blind = [];
    for (const one of everyOne)
      for (const op of needed(one[0])) {
        if (!["subtract", "divide", "power"].includes(op[0]) || op[2] === op[3]) continue;
        const at = one[0].ops.indexOf(op);
        const swap = ({ ops }) => ops[at].splice(2, 2, op[3], op[2]);
        if (!seen(one, swap)) blind.push(`${one[0].name}: ${op}`);
      }
    expect(blind).toEqual([]);
  });

  test("a constant", () => {
    const blind = everyOne.filter(([rule, of]) => {
      const registers = needed(rule).flatMap(([, , ...inputs]) => inputs);
      const known = rule.constants.map((_, i) => i).filter((i) => registers.includes(rule.constants[i][0]));
      const change = (i) => (changed) => (changed.constants[i][1] += 0.25);
      return known.length && !known.some((i) => seen([rule, of], change(i)));
    });
    // Of lion's sum only the sign is left; what optax_adagrad's 0 and 1 are for, a gradient of 0, is met nowhere here.
    expect(blind.map(([{ name }]) => name)).toEqual(["lion", "optax_adagrad"]);
  });

  test("t off by one", () => {
    const late = (rule) => {
      const [t, next] = [rule.given.t, rule.registers];
      rule.ops = rule.ops.map(([name, out, ...inputs]) => [name, out, ...inputs.map((at) => (at === t ? next : at))]);
      rule.ops.unshift(["add", next, t, next + 1]);
      rule.constants.push([next + 1, 1]);
      rule.registers += 2;
    };
    const timed = everyOne.filter(([rule]) => needed(rule).some(([, , ...inputs]) => inputs.includes(rule.given.t)));
    expect(timed.length).toBeGreaterThan(20);
    // Its t only lengthens or shortens r, and the ratio of the norms takes that back.
    expect(timed.filter((one) => !seen(one, late)).map(([{ name }]) => name)).toEqual(["keras_lamb"]);
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
  const one = find("momentum, booth", ({ given }) => given.lr.length);
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
