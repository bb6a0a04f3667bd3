import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { voice } from "../../lib/player/voice.js";

const meta = {
  title: "booth", window: [[-10, 10], [-10, 10]], floor: 0, steps: [0, 10, 20], coords: ["x", "y"], axes: [],
  series: [{ name: "gd" }, { name: "adam" }],
};
const run = (index, loss) => ({ series: { ...meta.series[index], axes: [] }, index, loss, last: 2, diverged: false, inner: [] });

let root, state, heard;
beforeEach(() => {
  vi.useFakeTimers();
  root = document.createElement("div");
  root.innerHTML = `<canvas class="paths"></canvas><span class="start"></span><div class="loss"><canvas></canvas></div>
    <div class="bars"><canvas></canvas></div><p class="status"></p>`;
  state = { step: 1.7, start: [-8, 0.5], live: false, chosen: () => [run(0, [9, 4, 1]), run(1, [9, 2, 0.5])], pinned: () => [] };
  heard = voice({ root, $: (selector) => root.querySelector(selector), meta, state, places: { groups: [] } });
});
afterEach(() => vi.useRealTimers());

const said = () => root.querySelector(".status").textContent;
const label = (selector) => root.querySelector(selector).getAttribute("aria-label");

test("it says where the runs are, after what led there", () => {
  heard.tell(2);
  expect(said()).toBe("Step 20 of 20: gd f = 1.00; adam f = 0.500.");
  heard.tell(2, "lr 0.1; ");
  expect(said()).toBe("lr 0.1; step 20 of 20: gd f = 1.00; adam f = 0.500.");
});

test("it waits until nothing changes, and says only the last", () => {
  heard.tellSoon("lr 0.1; ");
  vi.advanceTimersByTime(300);
  heard.tellSoon("lr 0.2; ");
  vi.advanceTimersByTime(300);
  expect(said()).toBe("");
  vi.advanceTimersByTime(100);
  expect(said()).toBe("lr 0.2; step 10 of 20: gd f = 4.00; adam f = 2.00.");
});

test("what is said at once takes the place of what waits", () => {
  heard.tellSoon("lr 0.1; ");
  heard.say("Saved");
  vi.advanceTimersByTime(1000);
  expect(said()).toBe("Saved");
  heard.tellSoon("lr 0.1; ");
  heard.stop();
  vi.advanceTimersByTime(1000);
  expect(said()).toBe("Saved");
});

test("the pictures are labelled", () => {
  heard.label(1);
  expect(root.getAttribute("aria-label")).toBe("Player: gd, adam on booth");
  expect(label(".paths")).toBe("Paths on booth, step 10 of 20: gd f = 4.00; adam f = 2.00.");
  expect(label(".loss canvas")).toBe("Loss against the step, up to step 10");
});

test("a move of the start is another value each time, none where it stays", () => {
  const value = () => ["aria-valuetext", "aria-valuenow"].map((name) => root.querySelector(".start").getAttribute(name));
  heard.place();
  expect(value()).toEqual(["x −8.00, y 0.500", "0"]);
  heard.place();
  expect(value()[1]).toBe("0");
  state.start = [-8, 1];
  heard.place();
  expect(value()).toEqual(["x −8.00, y 1.00", "1"]);
});
