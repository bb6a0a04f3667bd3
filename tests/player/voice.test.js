import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { voice } from "../../lib/player/js/voice.js";

const meta = {
  title: "booth",
  window: [
    [-10, 10],
    [-10, 10],
  ],
  floor: 0,
  steps: [0, 10, 20],
  coords: ["x", "y"],
  axes: [],
  series: [{ name: "gd" }, { name: "adam" }],
};
const root_v = {
  name: "√v",
  kind: "bar",
  values: [
    [1, 2, NaN],
    [3, 4, NaN],
  ],
};
const run = (index, loss, inner = []) => ({
  series: { ...meta.series[index], axes: [] },
  index,
  loss,
  theta: [
    [1, 2, 3],
    [0, 0.5, 1],
  ],
  last: 2,
  diverged: false,
  inner,
});

let root, state, heard;
beforeEach(() => {
  vi.useFakeTimers();
  root = document.createElement("div");
  root.innerHTML = `<canvas class="paths"></canvas><span class="start"></span><canvas class="curves"></canvas>
    <div class="bars"><canvas></canvas></div><p class="note"></p><p class="status"></p>`;
  const runs = [run(0, [9, 4, 1]), run(1, [9, 2, 0.5], [root_v])];
  state = {
    step: 1.7,
    start: [-8, 0.5],
    live: false,
    arrows: new Set(),
    bars: new Set(),
    chosen: () => runs,
    shown: () => runs,
    pinned: () => [],
  };
  heard = voice({ root, $: (selector) => root.querySelector(selector), meta, state });
});
afterEach(() => vi.useRealTimers());

const said = () => root.querySelector(".status").textContent;
const label = (selector) => root.querySelector(selector).getAttribute("aria-label");
const nothing = () => Object.assign(state, { chosen: () => [], shown: () => [] });

test("it says where the runs are", () => {
  heard.tell();
  expect(said()).toBe("Step 10 of 20: gd f = 4.00; adam f = 2.00.");
  state.bars.add("√v");
  state.arrows.add("step");
  heard.tell();
  expect(said()).toBe(
    "Step 10 of 20: gd f = 4.00; adam f = 2.00; gd step to (3.00, 1.00); adam root of v (2.00, 4.00), step to (3.00, 1.00).",
  );
  nothing();
  heard.tell();
  expect(said()).toBe("Step 10 of 20: no run is shown.");
});

test("it waits until nothing changes, and says only the last, for which the control has said the rest", () => {
  heard.tellSoon();
  vi.advanceTimersByTime(300);
  heard.tellSoon("");
  vi.advanceTimersByTime(399);
  expect(said()).toBe("");
  state.step = 2;
  vi.advanceTimersByTime(1);
  expect(said()).toBe("gd f = 1.00; adam f = 0.500.");
  heard.tellSoon("Pinned: ");
  vi.advanceTimersByTime(400);
  expect(said()).toBe("Pinned: gd f = 1.00; adam f = 0.500.");
});

test("a quantity that is switched on is said", () => {
  heard.tellInner("√v");
  vi.advanceTimersByTime(400);
  expect(said()).toBe("adam root of v (2.00, 4.00).");
  state.step = 2;
  heard.tellInner("√v");
  vi.advanceTimersByTime(400);
  expect(said()).toBe("adam root of v none at this step.");
  nothing();
  heard.tellInner("√v");
  vi.advanceTimersByTime(400);
  expect(said()).toBe("none at this step.");
});

test("what is said at once takes the place of what waits", () => {
  heard.tellSoon("");
  heard.say("Saved");
  vi.advanceTimersByTime(1000);
  expect(said()).toBe("Saved");
});

test("what the picture shows is said to a screen reader alone, a note to everyone", () => {
  const note = () => root.querySelector(".note").textContent;
  heard.note("Saved");
  expect([said(), note()]).toEqual(["Saved", "Saved"]);
  heard.tell();
  expect([said(), note()]).toEqual([expect.stringContaining("gd f ="), ""]);
});

test("the end of the player is the end of what waits", () => {
  heard.tellSoon("");
  heard.stop();
  vi.advanceTimersByTime(1000);
  expect(said()).toBe("");
});

test("the pictures are labelled", () => {
  heard.label();
  expect(root.getAttribute("aria-label")).toBe("Player: gd, adam on booth");
  expect(label(".paths")).toBe("Paths on booth, step 10 of 20: gd f = 4.00; adam f = 2.00.");
  expect(label(".curves")).toBe(
    "Loss against the step, up to step 10 of 20: gd from 9.00 to 4.00; adam from 9.00 to 2.00.",
  );
  expect(label(".bars canvas")).toBe("Bars: none.");
  state.arrows.add("step");
  state.bars.add("√v");
  heard.label();
  expect(label(".paths")).toBe(
    "Paths on booth, step 10 of 20: gd f = 4.00; adam f = 2.00; gd step to (3.00, 1.00); adam step to (3.00, 1.00).",
  );
  expect(label(".bars canvas")).toBe("Bars: adam root of v (2.00, 4.00).");
  nothing();
  heard.label();
  expect(label(".paths")).toBe("Paths on booth, step 10 of 20: no run is shown.");
  expect(label(".curves")).toBe("Loss against the step, up to step 10 of 20: no run is shown.");
});

test("a power of ten is said in words everywhere", () => {
  state.chosen = state.shown = () => [
    {
      ...run(0, [9, 5.8e-5, 1]),
      inner: [
        {
          ...root_v,
          values: [
            [0, 2e-7, 0],
            [0, 1, 0],
          ],
        },
      ],
    },
  ];
  state.bars.add("√v");
  heard.tell();
  heard.label();
  for (const text of [said(), label(".paths"), label(".curves")]) expect(text).toContain("5.8 times 10 to the −5");
  for (const text of [said(), label(".bars canvas")]) expect(text).toContain("(2.0 times 10 to the −7, 1.00)");
});

test("a move of the start is another value each time, none where it stays", () => {
  const value = () =>
    ["aria-valuetext", "aria-valuenow"].map((name) => root.querySelector(".start").getAttribute(name));
  heard.place();
  expect(value()).toEqual(["x −8.00, y 0.500", "0"]);
  heard.place();
  expect(value()[1]).toBe("0");
  state.start = [-8, 1];
  heard.place();
  expect(value()).toEqual(["x −8.00, y 1.00", "1"]);
});
