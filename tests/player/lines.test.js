import { beforeEach, expect, test, vi } from "vitest";
import { ready } from "../../lib/player/js/compute.js";
import { insideView } from "../../lib/player/js/lines.js";
import { build } from "../../lib/player/js/page.js";
import { computed, screen, values } from "./help.js";

const meta = ready(computed);
let page, state, view, told;
beforeEach(() => {
  document.body.replaceChildren();
  page = build(document.body, meta);
  const runs = meta.series.map((series) => series.compute(values([0, 1]), meta.start));
  state = screen({ step: 2, shown: () => runs });
  told = vi.fn();
  const step = (n) => state.step + n >= 0 && state.step + n < 4 && ((state.step += n), true);
  view = insideView({ ...page, state, step, tell: told, draw: () => view.fill(state.step) });
});
const panel = () => page.$(".inside");
const on = () => [...panel().querySelectorAll("li.on")].map((row) => row.textContent);
const press = (key) => panel().dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));

test("is closed until it is asked for", () => {
  view.fill(2);
  expect([panel().hidden, page.$(".within").hidden]).toEqual([true, false]);
  page.$(".within").click();
  expect([panel().hidden, page.$(".within").getAttribute("aria-pressed")]).toEqual([false, "true"]);
  page.$(".within").click();
  expect([panel().hidden, state.tints.size]).toEqual([true, 0]);
});

test("shows the rule's lines one after the other, with their numbers and arrows", () => {
  page.$(".within").click();
  expect(panel().querySelector(".which").textContent).toBe("momentum, step 2 to 3, line by line");
  expect(panel().querySelectorAll("li").length).toBe(3);
  expect([on().length, [...state.tints.keys()]]).toEqual([1, ["−g"]]);
  press("ArrowDown");
  expect(on()[1]).toMatch(/^v = beta \* v \+ gv = \(/);
  expect([...state.tints.keys()]).toEqual(["−g", "−v"]);
  expect(told.mock.lastCall[0]).toMatch(/^v = beta/);
  page.$(".line-on").click();
  expect([...state.tints.keys()]).toEqual(["−g", "−v", "step"]);
  expect(new Set(state.tints.values()).size).toBe(3);
});

test("goes on to the next step, back to the one before, and no further than there are steps", () => {
  page.$(".within").click();
  for (let i = 0; i < 3; i++) press("ArrowRight");
  expect([state.step, on().length]).toEqual([3, 1]);
  page.$(".line-back").click();
  expect([state.step, on().length]).toEqual([2, 3]);
  for (let i = 0; i < 20; i++) press("ArrowUp");
  expect([state.step, on().length]).toEqual([0, 1]);
  for (let i = 0; i < 40; i++) press("ArrowDown");
  expect([state.step, on().length]).toEqual([3, 3]);
  press("Enter");
  expect(on().length).toBe(3);
});

test("says so where no step follows", () => {
  page.$(".within").click();
  view.fill(7);
  expect([panel().querySelector(".which").textContent, on()]).toEqual(["momentum, no step follows", []]);
});
