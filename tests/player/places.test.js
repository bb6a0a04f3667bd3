import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { build } from "../../lib/player/js/page.js";
import { Places, reach } from "../../lib/player/js/places.js";
import "../../lib/player/style.css";
import { colors, meta, screen } from "./help.js";

let state, page, places;
function opened(changes, about = meta) {
  document.body.replaceChildren();
  state = screen(changes);
  page = build(document.body, about);
  places = new Places({ ...page, meta: about, state });
  places.measure(colors);
}
beforeEach(() => {
  document.body.style.width = "800px";
  opened();
});
afterEach(() => document.body.removeAttribute("style"));
const look = (view) => {
  page.$(".view select").value = view;
  places.paths(state.shown());
  return places.map;
};
const middle = ({ xs, ys }) => [xs, ys].map(([low, high]) => (low + high) / 2);

describe("sizes", () => {
  test("are the map's width less the axes, and what is as high as the landscape", () => {
    const width = page.$(".map").clientWidth;
    expect(width).toBeGreaterThan(300);
    expect(places.box).toMatchObject({
      left: 36,
      top: 10,
      width: width - 46,
      height: Math.round((width - 46) * meta.aspect),
    });
    expect(page.$(".map").clientHeight).toBe(places.box.height + 46);
    for (const canvas of page.root.querySelectorAll("canvas")) {
      expect(places.sizes.get(canvas)).toEqual([canvas.clientWidth, canvas.clientHeight]);
    }
    opened({}, { ...meta, aspect: 0.6 });
    expect(places.box.height).toBe(Math.round(0.6 * places.box.width));
  });

  test("are those of the canvases that are drawn on", () => {
    places.canvas(page.$(".map .ground"));
    expect(page.$(".map .ground").width).toBe(Math.round(page.$(".map .ground").clientWidth * devicePixelRatio));
  });

  test("grow with the text", () => {
    places.measure({ ...colors, em: 2 });
    places.curves(state.shown());
    expect(places.box).toMatchObject({ left: 72, top: 20, width: page.$(".map").clientWidth - 92 });
    const [width, height] = places.sizes.get(page.$(".curves"));
    expect(places.loss).toMatchObject({ left: 88, top: 44, width: width - 124, height: height - 116, ylabel: 4 });
  });

  test("on a full screen leave all controls visible, with as much room below as above", () => {
    document.body.style.width = "880px";
    opened({}, { ...meta, aspect: 0.9 });
    const { width } = places.box;
    page.$(".numbers").remove(); // so that the map is the highest
    page.root.style.paddingTop = "90px";
    page.root.classList.add("large");
    places.measure(colors);
    expect(places.box.width).toBeLessThan(width);
    const [controls, note] = [".controls", ".note"].map((part) => page.$(part).getBoundingClientRect());
    expect(innerHeight - note.bottom).toBeNear(controls.top, 1);
    page.root.style.paddingTop = "2000px";
    places.measure(colors);
    expect(page.$(".map").clientHeight).toBeNear(200, 1); // no less, for then there is none
  });

  test("are not known while the player has no room, and nothing is placed", () => {
    document.body.style.width = "0";
    opened();
    places.curves(state.shown());
    places.paths(state.shown());
    expect([places.ready, places.map, places.loss]).toEqual([false, undefined, undefined]);
    document.body.style.width = "800px";
    places.measure(colors);
    expect(places.ready).toBe(true);
  });
});

describe("the view", () => {
  test("is the whole window", () => {
    expect(look("whole")).toMatchObject({ xs: meta.window[0], ys: meta.window[1], zoom: 1 });
    expect(places.follows()).toBe(false);
    const window = [
      [-5, 7],
      [0, 4],
    ];
    opened({}, { ...meta, window });
    expect(look("whole")).toMatchObject({ xs: window[0], ys: window[1] });
  });

  test("is where these runs are", () => {
    const { xs, ys, zoom } = look("runs");
    expect(zoom).toBe(meta.view.zoom);
    expect(xs[1] - xs[0]).toBeCloseTo(10 / zoom, 6);
    expect(middle({ xs, ys })).toBeNear([meta.view.x, meta.view.y]);
    expect(places.follows()).toBe(false);
  });

  test("follows the head of the first run that is shown", () => {
    const [{ across, up }] = state.shown();
    state.step = 2;
    expect(middle(look("16"))).toBeNear([across[2], up[2]]);
    expect([places.map.zoom, places.map.xs[1] - places.map.xs[0]]).toBeNear([16, 10 / 16]);
    expect(places.follows()).toBe(true);
  });

  test("follows between two steps", () => {
    const [{ across, up }] = state.shown();
    state.step = 2.25;
    expect(middle(look("16"))).toBeNear([across, up].map((v) => 0.75 * v[2] + 0.25 * v[3]));
  });

  test("follows no further than the run got", () => {
    opened({ at: [2, 0] });
    const [{ across, last }] = state.shown();
    expect(last).toBe(5);
    expect(places.head().x).toBe(across[5]);
  });

  test("follows the middle of the window when no run is shown", () => {
    state.shown = () => [];
    expect(middle(look("4"))).toEqual([0, 0]);
  });
});

test("paths are where the view has them", () => {
  const [run] = state.shown();
  const { px, py } = look("whole");
  expect([...run.path.points.slice(4, 6)]).toBeNear([px(run.across[2]), py(run.up[2])], 1e-3);
  const { left, top, width, height } = places.box;
  expect([px(-5), px(5), py(5), py(-5)]).toBeNear([left, left + width, top, top + height]);
});

test("curves have the loss axis that Python gives, and none leaves it below", () => {
  places.curves([...state.shown()]);
  const { loss } = places;
  expect([loss.xs, loss.ys]).toEqual([[0, 7], meta.range]);
  const [width, height] = places.sizes.get(page.$(".curves"));
  const g = document.createElement("canvas").getContext("2d");
  g.font = "11px sans-serif";
  const wide = (text) => g.measureText(text).width;
  expect(loss.left).toBeGreaterThan(6 + wide("0.005")); // numbers stand beside the chart,
  expect(loss.top).toBeGreaterThan(loss.ylabel + 11); // its name above,
  expect(width - loss.left - loss.width).toBeGreaterThan(wide("10000") / 2); // half of the last step's number behind,
  expect(height - loss.top - loss.height).toBeGreaterThan(19 + 11); // numbers and a name below
  const [run] = state.shown();
  expect([...run.curve.points.slice(2, 4)]).toBeNear([loss.px(1), loss.py(run.loss[1])], 1e-3);
  places.curves([{ ...run, loss: run.loss.map(() => 0), last: 1 }]);
  const deep = { ...run, loss: Float32Array.of(1, 0), last: 1 };
  places.curves([deep]);
  expect(deep.curve.points[3]).toBeNear(places.loss.top + places.loss.height, 1e-3);
});

test("a curve that the page computed besides starts and ends inside the chart", () => {
  const [run] = state.shown();
  const [low, high] = meta.range;
  const far = { ...run, loss: [10 * high, low / 100], last: 1 };
  places.curves([far]);
  expect(places.loss.ys).toEqual([low / 100, 10 * high]);
  const { top, height } = places.loss;
  expect([far.curve.points[1], far.curve.points[3]]).toBeNear([top, top + height], 1e-3);
  expect(reach([1e-3, 10], [{ loss: [1, 0], last: 1 }])).toEqual([1e-3, 10]); // zero has no place on it
  expect(reach([1e-3, 10], [{ loss: [1, 1e-30], last: 1 }])).toEqual([1e-19, 10]);
  expect(reach([1e-3, 10], [{ loss: [NaN], last: -1 }])).toEqual([1e-3, 10]);
});

test("a run of no step has an axis of one", () => {
  opened({}, { ...meta, steps: [0] });
  places.curves([]);
  expect(places.loss.xs).toEqual([0, 1]);
});

test("bars have room as soon as they are wanted, and none before", () => {
  expect([page.$(".bars").hidden, places.groups]).toEqual([true, []]);
  state.bars.add("step/v");
  places.measure(colors);
  expect(places.groups.map(({ name, rows }) => [name, rows.length])).toEqual([["step/v", 2]]);
  expect([page.$(".bars").hidden, page.$(".bars").clientHeight]).toEqual([false, 64]);
});
