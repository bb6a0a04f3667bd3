import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { frame } from "../../lib/player/js/canvas.js";
import { starter } from "../../lib/player/js/start.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const f = frame({ left: 0, top: 0, width: 100, height: 100 }, [0, 10], [0, 10]);

// A start on a page whose kernel has run everything from (7, 7), with one slider at 2.
function opened(coords = ["x", "y"]) {
  const model = { start: [7, 7].slice(0, coords.length), get: () => model.start, send: vi.fn() };
  const state = { start: model.start, at: [2] };
  const heard = { changed: vi.fn(), show: vi.fn(), say: vi.fn() };
  const start = starter({ model, meta: { coords }, state, ...heard });
  return { model, state, start, sent: () => model.send.mock.calls.flat(), ...heard };
}

describe("requests", () => {
  test("one is under way, and the newest of the others waits", () => {
    const { start, sent, show } = opened();
    start.drag(f, 10, 50);
    start.drag(f, 20, 50);
    start.drag(f, 30, 500);
    expect(sent()).toEqual([{ start: [1, 5], at: [2] }]);
    start.answer({ start: [1, 5] }, ["runs"]);
    expect(sent().slice(1)).toEqual([{ start: [3, 0], at: [2] }]);
    expect(show.mock.calls).toEqual([["runs", [2]]]);
    expect(start.loaded()).toEqual([3, 0]);
  });

  test("carry the sliders' positions, where the answer is then shown", () => {
    const { start, state, sent, show } = opened();
    start.drag(f, 10, 50);
    state.at[0] = 0; // the reader goes on
    expect(sent()[0].at).toEqual([2]);
    start.answer({ start: [1, 5] }, ["runs"]);
    expect(show).toHaveBeenCalledWith("runs", [2]);
    start.drag(f, 20, 50);
    expect(sent()[1].at).toEqual([0]);
  });

  test("move the start on screen at once", () => {
    const { start, state, changed } = opened();
    start.drag(f, 10, 50);
    expect(state.start).toEqual([1, 5]);
    expect(changed).toHaveBeenCalledTimes(1);
    start.drag(f, 20, 50);
    expect(state.start).toEqual([2, 5]);
    expect(changed).toHaveBeenCalledTimes(2);
  });
});

describe("the rest is asked for", () => {
  test("once the start has stayed for a moment", () => {
    const { start, sent } = opened();
    start.drag(f, 10, 50);
    vi.advanceTimersByTime(500);
    start.answer({ start: [1, 5] }, ["runs"]);
    vi.advanceTimersByTime(199);
    expect(sent()).toHaveLength(1);
    vi.advanceTimersByTime(1);
    expect(sent()[1]).toEqual({ all: [1, 5] });
    vi.advanceTimersByTime(5000);
    expect(sent()).toHaveLength(2);
  });

  test("only when nothing waits", () => {
    const { start, sent } = opened();
    start.drag(f, 10, 50);
    start.drag(f, 20, 50);
    start.answer({ start: [1, 5] }, ["runs"]);
    vi.advanceTimersByTime(900);
    expect(sent().map(({ all }) => all)).toEqual([undefined, undefined]);
    start.answer({ start: [2, 5] }, ["runs"]);
    vi.advanceTimersByTime(200);
    expect(sent()[2]).toEqual({ all: [2, 5] });
  });

  test("not while the start moves on", () => {
    const { start, sent } = opened();
    start.drag(f, 10, 50);
    start.answer({ start: [1, 5] }, ["runs"]);
    vi.advanceTimersByTime(100);
    start.drag(f, 20, 50);
    vi.advanceTimersByTime(900);
    expect(sent().some(({ all }) => all)).toBe(false);
  });

  test("not after the player is left", () => {
    const { start, sent } = opened();
    start.drag(f, 10, 50);
    start.answer({ start: [1, 5] }, ["runs"]);
    start.leave();
    vi.advanceTimersByTime(5000);
    expect(sent()).toHaveLength(1);
  });
});

describe("an answer", () => {
  test("that nobody asked for is ignored", () => {
    const { start, state, show, say, sent } = opened();
    start.answer({ start: [1, 5] }, ["runs"]);
    start.answer({ error: "no" }, []);
    expect([show.mock.calls, say.mock.calls, state.start]).toEqual([[], [], [7, 7]]);
    start.drag(f, 10, 50);
    start.answer({ hello: true }, []); // of another request
    expect(show).not.toHaveBeenCalled();
    start.answer({ start: [1, 5] }, ["runs"]);
    start.answer({ start: [1, 5] }, ["runs"]);
    expect(show).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(5000);
    expect(sent()).toHaveLength(2);
  });

  test("that is an error puts the start back to where the runs on screen start", () => {
    const { start, state, show, say, changed, sent } = opened();
    start.drag(f, 10, 50);
    start.answer({ error: "no" }, []);
    vi.advanceTimersByTime(5000);
    expect(say.mock.calls).toEqual([["no"]]);
    expect(changed).toHaveBeenCalledTimes(2);
    expect(state.start).toEqual([7, 7]);
    start.drag(f, 20, 50);
    start.answer({ start: [2, 5] }, ["runs"]);
    start.drag(f, 30, 50);
    start.answer({ error: "no" }, []);
    expect(state.start).toEqual([2, 5]); // not where the data of all runs still start
    expect(show).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1000);
    expect(sent().at(-1)).toEqual({ all: [2, 5] }); // which the error's request had put off
  });

  test("that is an error lets the newest start have its turn", () => {
    const { start, state, sent } = opened();
    start.drag(f, 10, 50);
    start.drag(f, 20, 50);
    start.answer({ error: "no" }, []);
    expect(sent()[1].start).toEqual([2, 5]);
    expect(state.start).toEqual([2, 5]);
  });

  test("that is a second late is mentioned, until it comes", () => {
    const { start, say } = opened();
    start.drag(f, 10, 50);
    vi.advanceTimersByTime(999);
    expect(say).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(say).toHaveBeenLastCalledWith(expect.stringContaining("not answered yet"));
    start.answer({ start: [1, 5] }, ["runs"]);
    expect(say).toHaveBeenLastCalledWith("");
  });

  test("in time is not mentioned", () => {
    const { start, say } = opened();
    start.drag(f, 10, 50);
    vi.advanceTimersByTime(900);
    start.answer({ start: [1, 5] }, ["runs"]);
    vi.advanceTimersByTime(5000);
    expect(say.mock.calls).toEqual([[""]]);
  });
});

test("with new data the start is theirs, or what the reader asked for since", () => {
  const { start, model, state } = opened();
  model.start = [4, 4];
  expect(start.loaded()).toEqual([4, 4]);
  start.drag(f, 10, 50);
  expect(start.loaded()).toEqual([1, 5]);
  start.drag(f, 20, 50);
  expect(start.loaded()).toEqual([2, 5]);
  start.answer({ start: [1, 5] }, ["runs"]);
  start.answer({ error: "no" }, []);
  expect(state.start).toEqual([1, 5]);
});

test("a drag stays inside the frame and is rounded", () => {
  const { start, state } = opened();
  start.drag(f, 33.333, -20);
  expect(state.start).toEqual([3.333, 10]);
  const line = opened(["x"]);
  line.start.drag(f, 900, 50);
  expect(line.state.start).toEqual([10]);
});

test("arrow keys move it by a fortieth of the frame, finely by a fifth of that", () => {
  const { start, state, sent } = opened();
  const wide = frame({ left: 0, top: 0, width: 100, height: 100 }, [-10, 10], [5, 9]);
  const moves = { ArrowUp: [7, 7.1], ArrowDown: [7, 7], ArrowLeft: [6.5, 7], ArrowRight: [7, 7] };
  for (const [key, there] of Object.entries(moves)) {
    expect(start.nudge(wide, key, false)).toBe(true);
    expect(state.start).toEqual(there);
  }
  start.nudge(wide, "ArrowRight", true);
  expect(state.start).toEqual([7.1, 7]);
  expect(start.nudge(wide, "Enter", false)).toBe(false);
  expect([state.start, sent().length]).toEqual([[7.1, 7], 1]);
});

test("with one coordinate up is right and down is left", () => {
  const { start, state } = opened(["x"]);
  const moves = { ArrowUp: 7.25, ArrowDown: 7, ArrowRight: 7.25, ArrowLeft: 7 };
  for (const [key, there] of Object.entries(moves)) {
    expect(start.nudge(f, key, false)).toBe(true);
    expect(state.start).toEqual([there]);
  }
});
