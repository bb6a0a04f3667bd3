import { describe, expect, test } from "vitest";
import { drawContours, levels, trail } from "../../lib/player/js/contours.js";
import { frame } from "../../lib/player/js/canvas.js";
import { Recorder } from "./help.js";

describe("the values that lines are drawn at", () => {
  test("are round, and do not depend on where exactly the view is", () => {
    expect(levels([3, 4, 10], 0)).toEqual([3, 3.5, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 8.5, 9, 9.5, 10]);
    expect(levels([-1, 1.01], -5).slice(0, 3)).toEqual([-1, -0.8, -0.6]);
  });
  test("are one, two and five times powers of ten where the surface spans much", () => {
    expect(levels([0.4, 20], 0)).toEqual([0.5, 1, 2, 5, 10, 20]);
    expect(levels([7, 7.4, 27], 7)).toEqual([7.02, 7.05, 7.1, 7.2, 7.5, 8, 9, 12, 17, 27]);
  });
  test("are none where there is nothing to tell apart", () => {
    expect([levels([2, 2], 0), levels([NaN, Infinity], 0), levels([], 0)]).toEqual([[], [], []]);
  });
});

describe("a line", () => {
  const pieces = (heights, count, level) => {
    const found = [];
    trail(heights, count, level, (...piece) => found.push(piece));
    return found;
  };
  test("goes between the corners, as far as the heights have it", () => {
    expect(pieces([0, 1, 0, 1], 2, 0.25)).toEqual([[0.25, 0, 0.25, 1]]);
    expect(pieces([0, 0, 4, 4], 2, 1)).toEqual([[1, 0.25, 0, 0.25]]);
    expect(pieces([0, 1, 0, 1], 2, 2)).toEqual([]);
  });
  test("of a saddle are two", () => {
    expect(pieces([0, 2, 2, 0], 2, 1)).toHaveLength(2);
  });
  test("ends where the surface has no value", () => {
    expect(pieces([0, 1, NaN, 1], 2, 0.25)).toEqual([]);
  });
  test("is where the surface has that value", () => {
    const f = { ...frame({ left: 36, top: 10, width: 320, height: 320 }, [0.5, 1.5], [-2, -1]), zoom: 16 };
    const value = (x, y) => 3 * x + y;
    const heights = ([xs, ys]) => Float64Array.from(ys.flatMap((y) => xs.map((x) => value(x, y))));
    const g = new Recorder();
    drawContours(g, f, { heights, floor: 0 });
    const [{ path }] = g.of("stroke");
    expect(path.length).toBeGreaterThan(500);
    for (const [x, y] of path) {
      const v = value(f.x(x), f.y(y)) / 0.5;
      expect(Math.abs(v - Math.round(v))).toBeLessThan(1e-9);
      expect(x >= 36 && x <= 356 && y >= 10 && y <= 330).toBe(true);
    }
  });
});
