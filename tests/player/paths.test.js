import { describe, expect, test } from "vitest";
import { frame } from "../../lib/player/js/canvas.js";
import { drawPaths } from "../../lib/player/js/paths.js";
import { pixels } from "../../lib/player/js/shapes.js";
import { colors, doubled, Recorder, sizes } from "./help.js";

// Ten pixels a unit, y up.
const f = frame({ left: 0, top: 0, width: 100, height: 100, ylabel: 0 }, [0, 10], [0, 10]);
const meta = {
  window: [
    [0, 10],
    [0, 10],
  ],
  coords: ["x", "y"],
};

function run(across, up, { frame = f, ...more } = {}) {
  const last = across.length - 1;
  const series = { name: "gd", color: "red", dash: [], marker: "o" };
  return { series, index: 0, theta: [across, up], inner: [], last, path: pixels(frame, across, up, last), ...more };
}

function draw(shown, { pins = [], about = meta, frame = f, em = 1, ...changes } = {}) {
  const g = new Recorder();
  const state = {
    step: shown[0]?.last ?? 0,
    hover: null,
    live: false,
    only: null,
    arrows: new Set(),
    shown: () => shown,
    pinned: () => pins,
    handle: () => [30, 40],
    ...changes,
  };
  drawPaths(g, frame, about, state, { ...colors, em });
  return g;
}
const middle = (path) => [0, 1].map((c) => path.reduce((sum, p) => sum + p[c], 0) / path.length);

describe("a trail", () => {
  const ks = [...Array(61).keys()];
  const long = run(
    ks.map((k) => k / 10),
    ks.map(() => 5),
    { series: { color: "red", dash: [4, 2], marker: "o" } },
  );
  const pieces = (step) => draw([long], { step }).of("stroke", { strokeStyle: "red" });

  test("has six pieces over its last fifth, each stronger than the one before, and the rest behind them", () => {
    const ends = pieces(60).map(({ path, globalAlpha }) => [path[0][0], path.at(-1)[0], globalAlpha]);
    expect(ends).toBeNear(
      [
        [0, 48, 0.55],
        [48, 50, 0.625],
        [50, 52, 0.7],
        [52, 54, 0.775],
        [54, 56, 0.85],
        [56, 58, 0.925],
        [58, 60, 1],
      ],
      1e-5,
    );
  });

  test("has dashes that go on from piece to piece", () => {
    for (const { path, dash, lineDashOffset } of pieces(60))
      expect([dash, lineDashOffset]).toEqual([[4, 2], expect.closeTo(path[0][0], 4)]);
    const [head] = draw([long], { step: 60 }).of("stroke", { strokeStyle: "bg" });
    expect([head.dash, head.lineDashOffset]).toEqual([[], 0]);
  });

  test("ends where the run is, between two steps too", () => {
    expect(pieces(30.5).at(-1).path.at(-1)).toBeNear([30.5, 50], 1e-5);
    expect(pieces(99).at(-1).path.at(-1)).toBeNear([60, 50], 1e-5);
  });

  test("is twelve steps long at least", () => {
    const short = run(
      ks.slice(0, 21).map((k) => k / 10),
      ks.slice(0, 21).map(() => 5),
    );
    const behind = draw([short]).of("stroke", { strokeStyle: "red" })[0];
    expect([behind.globalAlpha, behind.path.at(-1)[0]]).toEqual([0.55, 8]);
    expect(pieces(1).map(({ path }) => path[0][0])).toEqual([0]);
    expect(pieces(0)).toEqual([]);
  });

  test("has one halo with the rest", () => {
    const halos = draw([long], { step: 60 }).of("stroke", { strokeStyle: "halo" });
    expect(halos.map(({ path }) => [path[0][0], path.at(-1)[0]])).toBeNear([[0, 60]], 1e-5);
  });
});

test("steps have dots where these do not run together", () => {
  const dotted = (across) =>
    draw([
      run(
        across,
        across.map(() => 5),
      ),
    ])
      .of("fill", { fillStyle: "red" })[0]
      .path.filter((p) => p.length === 3);
  expect(dotted([1, 2, 3]).map(([x]) => x)).toEqual([10, 20, 30]);
  expect(dotted([1, 1.5, 2, 2.1]).map(([x]) => x)).toEqual([10, 20]);
});

test("each step has one dot, once it was reached", () => {
  const ks = [...Array(41).keys()];
  const g = draw([run(ks, ks)], { step: 30.5 });
  const dots = g.of("fill", { fillStyle: "red" }).flatMap(({ path }) => path.filter((p) => p.length === 3));
  expect(dots.map(([x]) => x)).toEqual(ks.slice(0, 31).map((k) => 10 * k));
});

describe("a head", () => {
  const heads = (g, style) => g.of("fill", style).filter(({ path }) => path.length === 24);

  test("is the marker where the run is, full; a pinned one's is hollow", () => {
    const [shown, pinned] = [run([1, 2], [1, 2]), run([1, 7], [1, 8])];
    const g = draw([shown], { pins: [pinned] });
    expect(heads(g, { fillStyle: "red" }).map(({ path }) => middle(path))).toEqual([
      [20, 80].map((v) => expect.closeTo(v, 4)),
    ]);
    expect(heads(g, { fillStyle: "bg" }).map(({ path }) => middle(path))).toEqual([
      [70, 20].map((v) => expect.closeTo(v, 4)),
    ]);
  });

  test("of a pinned run has its path behind it, as far as it was played", () => {
    const path = (step) =>
      draw([], { pins: [run([1, 7], [1, 8])], step }).of("stroke", { strokeStyle: "red", globalAlpha: 0.75 })[0].path;
    expect(path(1)).toEqual([
      [10, 90],
      [70, 20],
    ]);
    expect(path(0.5)).toEqual([
      [10, 90],
      [40, 55],
    ]);
  });

  test("that is outside has a pointer at the edge", () => {
    const g = draw([run([1, 20], [5, 5])]);
    expect(heads(g, { fillStyle: "red" })).toEqual([]);
    const pointer = g.of("fill", { fillStyle: "red" }).at(-1).path;
    expect([pointer.length, pointer[0]]).toEqual([4, [99, 50]]);
  });

  test("steps back with its path from the one that is pointed at", () => {
    const both = [0, 1].map((index) =>
      run([1, 2], [1, 2], { index, series: { color: `c${index}`, dash: [], marker: "o" } }),
    );
    const g = draw(both, { only: 1 });
    expect(heads(g, { fillStyle: "c0" })[0].globalAlpha).toBe(0.15);
    expect(heads(g, { fillStyle: "c1" })[0].globalAlpha).toBe(1);
    expect(g.of("stroke", { strokeStyle: "c0" }).every(({ globalAlpha }) => globalAlpha <= 0.15)).toBe(true);
  });
});

describe("arrows at a head", () => {
  // −g along x, four times as long at the first step as at the second.
  const pushed = (more) =>
    run([5, 5, 6], [5, 5, 5], {
      inner: [
        {
          name: "−g",
          kind: "arrow",
          values: [
            [4, -1, NaN],
            [0, 0, NaN],
          ],
        },
      ],
      ...more,
    });
  const arrows = (one, wanted, step, how) => {
    const g = draw([one], { arrows: new Set(wanted), step, ...how });
    return g.of("text", { font: "italic 12px sans-serif" }).map(({ text, fillStyle }) => {
      const tip = g.drawn[g.drawn.findIndex((d) => d.text === text) - 1].path[0];
      const head = one.path.points.slice(2 * Math.floor(step), 2 * Math.floor(step) + 2);
      return [text, fillStyle, ...tip.map((v, c) => v - head[c])];
    });
  };

  test("have lengths that go with the square root, the longest a quarter of the map's width", () => {
    expect(arrows(pushed(), ["−g"], 0)).toEqual([["−g", "fg", 25, 0]]);
    expect(arrows(pushed(), ["−g"], 1)).toEqual([["−g", "fg", -12.5, 0]]);
    expect(arrows(pushed(), ["−g"], 0.5)).toEqual([["−g", "fg", 25, 0]]); // until the next step
    expect(arrows(pushed({ last: 1 }), ["−g"], 1)).toEqual([["−g", "fg", -12.5, 0]]);
  });

  test("point up where y grows", () => {
    const up = pushed({
      inner: [
        {
          name: "−m",
          kind: "arrow",
          values: [
            [0, 0],
            [3, 1],
          ],
        },
      ],
    });
    expect(arrows(up, ["−m"], 0)).toEqual([["−m", "accent", 0, -25]]);
  });

  test("have the directions that they have in the window, wherever it is and whatever is looked at", () => {
    const about = {
      ...meta,
      window: [
        [-20, -10],
        [30, 50],
      ],
    }; // ten pixels and five a unit
    const aslant = pushed({
      inner: [
        {
          name: "−m",
          kind: "arrow",
          values: [
            [3, 0],
            [8, 0],
          ],
        },
      ],
    });
    expect(arrows(aslant, ["−m"], 0, { about })[0].slice(2)).toBeNear([15, -20], 1e-4);
  });

  test("show the step as it is", () => {
    expect(arrows(pushed(), ["step"], 1)).toEqual([["step", "red", 10, 0]]);
    expect(arrows(run([5, 5, 5, 6], [5, 5, 4, 7]), ["step"], 2)).toEqual([["step", "red", 10, -30]]);
    expect(arrows(pushed(), ["step"], 2)).toEqual([]); // after the last there is none
  });

  test("stand above one another where there is one coordinate", () => {
    const flat = { ...meta, coords: ["x"] };
    const tips = arrows(pushed(), ["−g", "step"], 1, { about: flat }).map(([name, , , dy]) => [name, dy]);
    expect(tips).toEqual([
      ["−g", -13],
      ["step", -26],
    ]);
  });

  test("are those that are wanted, of what is an arrow and known there", () => {
    const bar = pushed({
      inner: [
        {
          name: "√v",
          kind: "bar",
          values: [
            [4, 1],
            [0, 0],
          ],
        },
      ],
    });
    expect(arrows(bar, ["√v"], 0)).toEqual([]);
    expect(arrows(pushed(), ["−m"], 0)).toEqual([]);
    expect(arrows(pushed(), ["−g"], 2)).toEqual([]);
    expect(arrows(pushed({ last: 0 }), ["−g", "step"], 1)).toEqual([]); // where the run has ended
  });
});

test("a step that is hovered over has a ring on each run that got there", () => {
  const rings = (g) => g.of("stroke", { strokeStyle: "fg" }).map(({ path }) => path[0]);
  const g = draw([run([1, 2, 3], [1, 1, 1]), run([4], [4])], { pins: [run([5, 6], [6, 6])], hover: 1 });
  expect(rings(g)).toEqual([
    [20, 90, 6],
    [60, 40, 6],
  ]);
  expect(rings(draw([run([1], [1])]))).toEqual([]);
});

test("a start that can be moved has a handle", () => {
  const handle = (live) =>
    draw([run([1], [1])], { live })
      .of("stroke", { strokeStyle: "fg" })
      .map(({ path }) => path);
  expect(handle(true)).toEqual([[[30, 40, 9]]]);
  expect(handle(false)).toEqual([]);
});

test("everything grows with the text", () => {
  const drawn = (em) => {
    const large = frame({ left: 0, top: 0, width: 100 * em, height: 100 * em, ylabel: 0 }, [0, 10], [0, 10]);
    const one = (across, up) =>
      run(across, up, {
        frame: large,
        inner: [
          {
            name: "−g",
            kind: "arrow",
            values: [
              [4, 1],
              [2, 1],
            ],
          },
        ],
        series: { color: "red", dash: [4, 2], marker: "s" },
      });
    return sizes(
      draw([one([1, 1.2, 3], [1, 1.3, 4]), one([1, 12], [2, 3])], {
        em,
        frame: large,
        pins: [one([2, 5], [2, 6])],
        step: 1,
        live: true,
        hover: 1,
        arrows: new Set(["−g", "step"]),
        handle: () => [30 * em, 40 * em],
      }),
    );
  };
  expect(drawn(2)).toBeNear(doubled(drawn(1)), 1e-4);
});

test("nothing is drawn outside the map", () => {
  const g = draw([run([1, 2], [1, 2])]);
  expect(g.of("clip").map(({ box }) => box)).toEqual([[0, 0, 100, 100]]);
  expect(g.drawn[0].act).toBe("clip");
});
