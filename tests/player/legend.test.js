import { beforeEach, expect, test, vi } from "vitest";
import { legend } from "../../lib/player/js/legend.js";
import { row } from "../../lib/player/js/page.js";

let rows, state, draw, changed;
function opened(count = 2) {
  rows = Array.from({ length: count }, (_, i) => row({ dash: [], marker: "o" }, `run ${i}`, false));
  document.body.replaceChildren(...rows);
  state = { hidden: new Set(), only: null };
  [draw, changed] = [vi.fn(), vi.fn()];
  legend({ rows, state, draw, changed });
}
beforeEach(() => opened());
const name = (i) => rows[i].querySelector("button");
const hear = (i, event) => name(i).dispatchEvent(new Event(event));

test("a click hides a run and a second shows it again; the name says which", () => {
  const seen = () => [
    [...state.hidden],
    rows[1].className,
    name(1).getAttribute("aria-pressed"),
    changed.mock.calls.length,
  ];
  name(1).click();
  expect(seen()).toEqual([[1], "off", "false", 1]);
  name(1).click();
  expect(seen()).toEqual([[], "", "true", 2]);
  expect(name(1).title).toBe("In the picture");
});

test("a run that is pointed at stands out until the pointer or the focus leaves", () => {
  hear(1, "pointerenter");
  expect([state.only, draw.mock.calls.length]).toEqual([1, 1]);
  hear(1, "pointerleave");
  expect([state.only, draw.mock.calls.length]).toEqual([null, 2]);
  vi.spyOn(name(0), "matches").mockReturnValue(true); // the focus that a keyboard gives
  hear(0, "focus");
  expect(state.only).toBe(0);
  hear(0, "blur");
  expect(state.only).toBe(null);
});

test("a focus from a click, a hidden run and a run alone do not stand out", () => {
  vi.spyOn(name(0), "matches").mockReturnValue(false);
  hear(0, "focus");
  expect(state.only).toBe(null);
  name(0).click();
  expect(state.only).toBe(null);
  hear(0, "pointerenter");
  expect(state.only).toBe(null);
  name(0).click();
  expect(state.only).toBe(0); // shown again, and the pointer is still there
  opened(1);
  hear(0, "pointerenter");
  expect(state.only).toBe(null);
});
