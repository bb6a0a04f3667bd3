import { expect, test } from "vitest";
import { round as surface } from "./help.js";
import { ground, laid, meaning, turned } from "../../lib/player/js/relief.js";

const window = [
  [-2, 2],
  [-2, 2],
];
const bowl = { surface, window, aspect: 0.8, root: true, coords: ["x", "y"] };

test("the window lies between −1 and 1, and the height is the fourth root of f above its lowest", () => {
  const { at, spot } = ground(bowl);
  expect(at(0, 0)).toBeNear([0, 0, 0]);
  expect(at(2, 2)).toBeNear([1, 0.75, -0.8]); // f = 4, the highest
  expect(at(-2, 2)).toBeNear([-1, 0.75, -0.8]);
  expect(at(1, 0)).toBeNear([0.5, 0.75 * (1 / 8) ** 0.25, 0], 1e-4);
  expect(spot(0, 0)).toBeNear([-1, 0.75, 0.8]); // the lower left corner is towards the reader
});

test("where f has no minimum, the height is f itself", () => {
  expect(ground({ ...bowl, root: false }).at(1, 0)[1]).toBeNear(0.75 / 8, 1e-4);
});

test("outside the window, and where f is not finite, there is no ground", () => {
  const { at } = ground(bowl);
  expect([at(2.01, 0), at(0, -3), at(NaN, 0)]).toEqual([null, null, null]);
  const root = { ...surface, ops: [["sqrt", 6, 0]] }; // of x: none to the left
  expect(ground({ ...bowl, surface: root }).at(-1, 0)).toBe(null);
  expect(ground({ ...bowl, surface: root }).at(1, 0)).not.toBe(null);
});

test("a path is laid on the ground in short pieces, each with the step at which it has been walked", () => {
  const there = ground(bowl);
  const run = {
    theta: [
      [-1, 1, 1, 5],
      [0, 0, 0, 0],
    ],
    last: 3,
  };
  const pieces = laid(run, there, window, 0.8);
  expect(pieces[0].from).toBeNear(there.at(-1, 0));
  const first = pieces.filter(({ until }) => until <= 1);
  expect(first).toHaveLength(25); // one long, in pieces of 0.04
  expect(first.map(({ until }) => until)).toBeNear(first.map((_, i) => (i + 1) / 25));
  expect(first.at(-1).to).toBeNear(there.at(1, 0));
  expect(Math.min(...first.map(({ to }) => to[1]))).toBeLessThan(0.15); // down to the floor, and not through the air
  expect(pieces.some(({ until }) => until > 1 && until <= 2)).toBe(false); // it stays
  expect(pieces.at(-1).to[0]).toBeLessThanOrEqual(1); // and ends where the window does
  expect(pieces.at(-1).until).toBeLessThan(3);
});

test("a look turns round and round, and tilts and comes near within limits", () => {
  const seen = { turn: 350, tilt: 40, far: 1 };
  expect(turned(seen, { turn: 20 })).toEqual({ turn: 10, tilt: 40, far: 1 });
  expect(turned(seen, { turn: -360 })).toEqual(seen);
  expect(turned(seen, { tilt: 80 }).tilt).toBe(90);
  expect(turned(seen, { tilt: -80 }).tilt).toBe(5);
  expect(turned(seen, { far: 1e-3 }).far).toBe(0.3);
  expect(turned(seen, { far: 10 }).far).toBe(2.5);
});

test("what the height is, is said", () => {
  expect(meaning(bowl)).toMatch(/^Height is the fourth root of f\(x, y\) above its lowest/);
  expect(meaning({ ...bowl, root: false })).toBe("Height is f(x, y) itself.");
});
