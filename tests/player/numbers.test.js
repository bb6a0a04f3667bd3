import { expect, test } from "vitest";
import { brief, decades, fine, number, power, rounded, ticks } from "../../lib/player/js/numbers.js";
import "./help.js";

test("numbers have three digits", () => {
  const told = [0, 1, -2.5, 0.012345, 666, 1000, 12345].map((v) => number(v));
  expect(told).toEqual(["0", "1.00", "−2.50", "0.0123", "666", "1000", "12345"]);
});

test("very small and large numbers have powers", () => {
  const told = [5.77e-5, -3.4e-10, 1.23e5, 1e100].map((v) => number(v));
  expect(told).toEqual(["5.8·10⁻⁵", "−3.4·10⁻¹⁰", "1.2·10⁵", "1.0·10¹⁰⁰"]);
  expect([999.4, 999.5, -999.96].map((v) => number(v))).toEqual(["999", "1000", "−1000"]);
  expect([0.001, 0.000999, 99999, 1e5].map((v) => number(v))).toEqual(["0.00100", "1.0·10⁻³", "99999", "1.0·10⁵"]);
});

test("what is not finite is a dash", () => {
  expect([NaN, Infinity, -Infinity, undefined].map((v) => number(v))).toEqual(["–", "–", "–", "–"]);
});

test("a sweep's value has no zeros to fill up", () => {
  const told = [0.1, 1, 0.9, 1e-5, 100, 0.0316, "linear"].map(brief);
  expect(told).toEqual(["0.1", "1", "0.9", "1·10⁻⁵", "100", "0.0316", "linear"]);
});

test("ticks are round and inside", () => {
  expect(ticks([-2, 2], 5)).toBeNear([-2, -1, 0, 1, 2]);
  expect(ticks([0.31, 0.94], 5)).toBeNear([0.4, 0.6, 0.8]);
  expect(ticks([0, 25], 5)).toEqual([0, 5, 10, 15, 20, 25]);
  expect(ticks([0, 0.3], 3)).toEqual([0, 0.1, 0.2, 0.3]); // not 0.30000000000000004
  expect([ticks([1, 1], 5), ticks([NaN, 2], 5), ticks([0, Infinity], 5)]).toEqual([[], [], []]);
});

test("decades are powers of ten inside", () => {
  expect(decades([2e-4, 300], 6)).toEqual([100, 10, 1, 0.1, 0.01, 0.001]);
  expect(decades([1e-10, 1e2], 6)).toHaveLength(7);
  expect(power(1e-10)).toBe("10⁻¹⁰");
});

test("an axis of few decades has one, two and five in each", () => {
  expect(fine([0.5, 10])).toEqual([0.5, 1, 2, 5, 10]);
  expect(fine([0.3, 19])).toEqual([0.5, 1, 2, 5, 10]);
});

test("a start is as short as the picture allows", () => {
  const short = [rounded(-1.60239999, [-2, 2]), rounded(3.14159, [-10, 10]), rounded(12345.678, [0, 1e6])];
  expect(short).toEqual([-1.602, 3.14, 12346]);
});
