import { brief, decades, number, power, rounded, ticks } from "./numbers.js";
import { close, equal } from "./check.js";

export function numbers_have_three_digits() {
  equal([0, 1, -2.5, 0.012345, 666, 12345].map((v) => number(v)), ["0", "1.00", "−2.50", "0.0123", "666", "12345"]);
}

export function very_small_and_large_numbers_have_powers() {
  equal([5.77e-5, -3.4e-10, 1.23e5, 1e100].map((v) => number(v)), ["5.8·10⁻⁵", "−3.4·10⁻¹⁰", "1.2·10⁵", "1.0·10¹⁰⁰"]);
}

export function what_is_not_finite_is_a_dash() {
  equal([NaN, Infinity, -Infinity, undefined].map((v) => number(v)), ["–", "–", "–", "–"]);
}

export function a_sweeps_value_has_no_zeros_to_fill_up() {
  equal([0.1, 1, 0.9, 1e-5, 100, 0.0316, "linear"].map(brief), ["0.1", "1", "0.9", "1·10⁻⁵", "100", "0.0316", "linear"]);
}

export function ticks_are_round_and_inside() {
  close(ticks([-2, 2], 5), [-2, -1, 0, 1, 2]);
  close(ticks([0.31, 0.94], 5), [0.4, 0.6, 0.8]);
  equal([ticks([1, 1], 5), ticks([NaN, 2], 5), ticks([0, Infinity], 5)], [[], [], []]);
}

export function decades_are_powers_of_ten_inside() {
  equal(decades([2e-4, 300], 6), [100, 10, 1, 0.1, 0.01, 0.001]);
  equal(decades([1e-10, 1e2], 6).length, 7);
  equal(power(1e-10), "10⁻¹⁰");
}

export function a_start_is_as_short_as_the_picture_allows() {
  equal([rounded(-1.60239999, [-2, 2]), rounded(3.14159, [-10, 10]), rounded(12345.678, [0, 1e6])], [-1.602, 3.14, 12346]);
}
