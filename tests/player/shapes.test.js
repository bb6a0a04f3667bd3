import { describe, expect, test } from "vitest";
import { frame } from "../../lib/player/js/canvas.js";
import {
  arrow,
  head,
  nearest,
  outline,
  pixels,
  place,
  pointer,
  polygon,
  strength,
  trace,
} from "../../lib/player/js/shapes.js";
import { Svg } from "../../lib/player/js/svg.js";
import { colors, Recorder } from "./help.js";

const f = frame({ left: 10, top: 20, width: 100, height: 200 }, [0, 10], [-1, 1]);

describe("a line", () => {
  const line = pixels(f, [0, 3, 3], [0, 0, 0.4], 2);

  test("knows its points and its length", () => {
    expect(line.points).toBeNear([10, 120, 40, 120, 40, 80], 1e-4);
    expect(line.along).toBeNear([0, 30, 70], 1e-4);
    expect(pixels(f, [], [], -1).points).toHaveLength(0);
  });

  test("glides between its steps and stays at its last", () => {
    expect(place(line, 0.5)).toBeNear([25, 120], 1e-4);
    expect(place(line, 9)).toBeNear([40, 80], 1e-4);
  });

  test("is traced from one step to another, fractions too", () => {
    const traced = (from, until) => {
      const g = new Recorder();
      trace(g, line, from, until);
      return g.path;
    };
    expect(traced(0, 2)).toBeNear(
      [
        [10, 120],
        [40, 120],
        [40, 80],
      ],
      1e-4,
    );
    expect(traced(0.5, 1.5)).toBeNear(
      [
        [25, 120],
        [40, 120],
        [40, 100],
      ],
      1e-4,
    );
    expect(traced(1, 1)).toBeNear([[40, 120]], 1e-4);
  });

  test("has no corners that cannot be seen, but its end", () => {
    const close = pixels(f, [0, 0.02, 0.03, 0.06, 0.07], [0, 0, 0, 0, 0], 4); // 0.2, 0.3, 0.6 and 0.7 pixels away
    const g = new Recorder();
    trace(g, close, 0, 4);
    expect(g.path.map(([x]) => x)).toBeNear([10, 10.6, 10.7], 1e-4);
    trace(g, close, 0, 2.5);
    expect(g.path.map(([x]) => x)).toBeNear([10, 10.3, 10.45], 1e-4);
  });
});

test("the nearest step is found as far as the run was played", () => {
  const line = pixels(f, [0, 5, 10], [0, 0, 0], 2);
  expect(nearest(line, 58, 121)).toEqual({ k: 1, away: Math.hypot(2, 1) });
  expect(nearest(line, 110, 120, 1).k).toBe(1);
  expect(nearest(line, 85, 120).k).toBe(1); // of two as near the first
  expect(nearest(pixels(f, [], [], -1), 0, 0)).toEqual({ k: -1, away: Infinity });
});

test("every marker is a polygon around its point", () => {
  for (const marker of "sDd^v<>phH8*PXx+1234o") {
    const points = outline(marker, 50, 60, 6);
    expect([0, 1].map((c) => points.reduce((sum, p) => sum + p[c], 0) / points.length)).toBeNear([50, 60]);
    expect(points.every(([x, y]) => Math.hypot(x - 50, y - 60) < 8)).toBe(true);
  }
});

test("a square lies, a diamond stands, triangles point up and down", () => {
  const above = (marker) => outline(marker, 0, 0, 1).filter(([, y]) => y < -0.1).length;
  expect(["s", "D", "^", "v"].map(above)).toEqual([2, 1, 1, 2]);
  expect(outline("*", 0, 0, 1)).toHaveLength(10);
});

test("a polygon is one closed path", () => {
  const g = new Svg();
  polygon(g, [
    [1, 2],
    [3, 4],
    [5, 6],
  ]);
  expect(g.d).toBe("M1 2L3 4L5 6Z");
});

test("a head is full, with an edge of the page's colour; a pinned one is hollow", () => {
  const drawn = (hollow) => {
    const g = new Recorder();
    head(
      g,
      [
        [0, 0],
        [1, 0],
        [0, 1],
      ],
      { color: "red" },
      colors,
      hollow,
    );
    return g.drawn.map(({ act, fillStyle, strokeStyle }) => [act, act === "fill" ? fillStyle : strokeStyle]);
  };
  expect(drawn(false)).toEqual([
    ["stroke", "bg"],
    ["fill", "red"],
  ]);
  expect(drawn(true)).toEqual([
    ["fill", "bg"],
    ["stroke", "red"],
  ]);
});

test("other runs step back from the one that is pointed at", () => {
  const strong = (only) => [0, 1].map((index) => strength({ only }, { index }));
  expect(strong(null)).toEqual([1, 1]);
  expect(strong(1)).toEqual([0.15, 1]);
});

test("a pointer stands on the edge and points outward", () => {
  const [tip, , back] = pointer(f, 1000, 120, 1);
  expect([tip, back]).toBeNear([
    [109, 120],
    [98.5, 120],
  ]);
  expect(pointer(f, 60, -500, 1)[0]).toBeNear([60, 21]);
});

describe("an arrow", () => {
  const drawn = (dx, dy, taken) => {
    const g = new Recorder();
    arrow(g, 10, 20, dx, dy, "−g", "red", colors, taken);
    return g;
  };

  test("reaches from its point to its tip", () => {
    const g = drawn(30, 0);
    expect(g.of("stroke").map(({ strokeStyle, path }) => [strokeStyle, path[0]])).toEqual([
      ["halo", [10, 20]],
      ["red", [10, 20]],
    ]);
    const [{ path, fillStyle }] = g.of("fill");
    expect([path[0], fillStyle]).toEqual([[40, 20], "red"]);
    expect(path.slice(1).every(([x]) => x > 30 && x < 40)).toBe(true);
  });

  test("has its name behind the tip, below what stands there already", () => {
    const name = (...given) =>
      drawn(...given)
        .of("text")
        .map(({ text, at, textAlign }) => [text, textAlign, ...at])[0];
    expect(name(30, 0)).toEqual(["−g", "left", 44, 20]);
    expect(name(-30, 0)).toEqual(["−g", "right", -24, 20]);
    expect(name(0, 30)).toEqual(["−g", "left", 14, 58]);
    const taken = [[50, 15]];
    expect(name(30, 0, taken)).toEqual(["−g", "left", 44, 29]);
    expect(name(30, 0, taken)[3]).toBeGreaterThanOrEqual(41);
  });

  test("too short to be seen is left out", () => {
    expect(drawn(1, 1).drawn).toEqual([]);
    expect(drawn(NaN, 1).drawn).toEqual([]);
  });
});
