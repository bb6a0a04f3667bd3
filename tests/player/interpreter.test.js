import { expect, test } from "vitest";
import { machine, OPERATIONS } from "../../lib/player/js/interpreter.js";
import { arithmetic, operations } from "./tapes.json";

// A document of one operation on registers 0, 1, 2; its result is in 3.
const one = (name, changes) => ({
  version: 1,
  name: "one",
  registers: 4,
  constants: [],
  ops: [[name, 3, 0, 1, 2]],
  ...changes,
});
const LIBM = new Set(["power", "hypot", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "tanh", "arctan"]);
const number = (text) => Number(text.replace("inf", "Infinity"));

test("it knows the operations that Python writes", () => {
  expect(OPERATIONS).toEqual(operations);
});

test.each(operations)("%s is NumPy's", (name) => {
  const { r, go } = machine(one(name));
  for (const [, inputs, result] of arithmetic.filter(([of]) => of === name)) {
    r.set(inputs.map(number));
    go();
    const wanted = number(result);
    const what = `${name}(${inputs})`;
    // An infinite angle, a zero's sign and what is divided by zero are nobody's.
    if (LIBM.has(name) && Number.isFinite(wanted))
      expect(Math.abs(r[3] - wanted), what).toBeLessThanOrEqual(1e-15 * Math.abs(wanted));
    else expect(r[3] + 0, what).toBe(wanted + 0);
  }
});

test("constants are there from the start, what JSON has no number for too", () => {
  const { r } = machine(
    one("add", {
      constants: [
        [0, 2.5],
        [1, "NaN"],
        [2, "-Infinity"],
      ],
    }),
  );
  expect([...r]).toEqual([2.5, NaN, -Infinity, 0]);
});

test.each([
  [{ version: 2 }, "this page cannot compute one: its list is of version 2, this is version 1; run the cell again"],
  [{ ops: [["bessel", 3, 0]] }, "this page cannot compute one: it does not know the operation bessel"],
  [{ ops: [["toString", 3, 0]] }, "this page cannot compute one: it does not know the operation toString"],
  [{ ops: [["add", 3, 0, 4]] }, "this page cannot compute one: there is no register 4"],
  [{ ops: [["add", "length", 0, 1]] }, "this page cannot compute one: there is no register length"],
  [{ constants: [[-1, 1]] }, "this page cannot compute one: there is no register -1"],
])("what it does not understand is refused: %j", (changes, says) => {
  expect(() => machine(one("add", changes))).toThrow(says);
});
