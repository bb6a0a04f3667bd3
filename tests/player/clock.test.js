import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { clock } from "../../lib/player/js/clock.js";

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

// A made frame lasts 16 ms; from the first one on time is measured.
const frames = (n) => {
  for (let i = 0; i < n; i++) vi.advanceTimersToNextFrame();
};
const started = (how) => {
  const [show, end] = [vi.fn(), vi.fn(() => false)];
  return { show, end, time: clock({ last: 80, speed: () => 1, show, end, ...how }) };
};
const at = (show) => show.mock.lastCall[0];

test("steps go by with time and end", () => {
  const { show, end, time } = started();
  time.play(0);
  frames(1 + 250); // half of the eight seconds that a whole run lasts
  expect(at(show)).toBeCloseTo(40, 6);
  frames(300);
  expect(end).toHaveBeenCalledTimes(1);
  expect(show.mock.calls.every(([step]) => step >= 0 && step < 80)).toBe(true);
  expect(vi.getTimerCount()).toBe(0);
});

test("a speed of two takes half the time, and a short run three steps a second", () => {
  const [fast, short] = [started({ speed: () => 2 }), started({ last: 8 })];
  fast.time.play(10);
  short.time.play(0);
  frames(1 + 125);
  expect([at(fast.show), at(short.show)]).toEqual([expect.closeTo(50, 6), expect.closeTo(6, 6)]);
});

test("a loop starts again", () => {
  let ends = 0;
  const { show, time } = started({ end: () => ++ends < 3 });
  time.play(79);
  frames(100);
  expect(ends).toBe(1);
  expect(show.mock.calls.map(([step]) => step)).toContain(0);
  frames(1500);
  expect(ends).toBe(3);
});

test("what cannot be seen does not play, and goes on where it was", () => {
  const { show, time } = started();
  time.see(false);
  time.play(0);
  vi.advanceTimersByTime(1000);
  expect(show).not.toHaveBeenCalled();
  time.see(true);
  frames(1 + 125);
  expect(at(show)).toBeCloseTo(20, 6);
});

test("what is stopped or was never started does not play, even once it is seen", () => {
  const { show, time } = started();
  time.see(true);
  vi.advanceTimersByTime(1000);
  expect(show).not.toHaveBeenCalled();
  time.play(0);
  frames(5);
  time.stop();
  time.see(true);
  vi.advanceTimersByTime(1000);
  expect(show).toHaveBeenCalledTimes(5);
});

test("where less motion is wanted, whole steps go by, two pictures a second", () => {
  const { show, end, time } = started({ calm: () => true });
  time.play(0);
  frames(1 + 250); // four seconds
  expect(show.mock.calls.map(([step]) => step)).toEqual([0, 5, 10, 15, 20, 25, 30, 35]);
  frames(300);
  expect(end).toHaveBeenCalledTimes(1);
});
