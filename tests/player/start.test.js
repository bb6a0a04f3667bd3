import { expect, test, vi } from "vitest";
import { frame } from "../../lib/player/js/canvas.js";
import { starter } from "../../lib/player/js/start.js";

const f = frame({ left: 0, top: 0, width: 100, height: 100 }, [0, 10], [0, 10]);

function opened(coords = ["x", "y"]) {
  const state = { start: [7, 7].slice(0, coords.length) };
  const changed = vi.fn();
  return { state, changed, start: starter({ meta: { coords }, state, changed }) };
}

test("a pointer moves it, inside the frame, and rounds it as the picture needs", () => {
  const { state, start, changed } = opened();
  start.drag(f, 10, 50);
  expect(state.start).toEqual([1, 5]);
  start.drag(f, 33.33333, 500);
  expect(state.start).toEqual([3.333, 0]);
  expect(changed).toHaveBeenCalledTimes(2);
});

test("arrow keys move it by a fortieth of the frame, finely by a fifth of that", () => {
  const { start, state, changed } = opened();
  const wide = frame({ left: 0, top: 0, width: 100, height: 100 }, [-10, 10], [5, 9]);
  const moves = { ArrowUp: [7, 7.1], ArrowDown: [7, 7], ArrowLeft: [6.5, 7], ArrowRight: [7, 7] };
  for (const [key, there] of Object.entries(moves)) {
    expect(start.nudge(wide, key, false)).toBe(true);
    expect(state.start).toEqual(there);
  }
  start.nudge(wide, "ArrowRight", true);
  expect(state.start).toEqual([7.1, 7]);
  expect(start.nudge(wide, "Enter", false)).toBe(false);
  expect([state.start, changed.mock.calls.length]).toEqual([[7.1, 7], 5]);
});

test("with one coordinate up is right and down is left", () => {
  const { start, state } = opened(["x"]);
  const moves = { ArrowUp: 7.25, ArrowDown: 7, ArrowRight: 7.25, ArrowLeft: 7 };
  for (const [key, there] of Object.entries(moves)) {
    expect(start.nudge(f, key, false)).toBe(true);
    expect(state.start).toEqual([there]);
  }
});
