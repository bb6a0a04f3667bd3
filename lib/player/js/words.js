// What is on screen, in words: for the table, for labels, for announcements.

import { brief, number } from "./numbers.js";

// Where a run is, with as many digits as the window needs.
export function point(meta, run, k) {
  const digits = Math.max(0, 3 - Math.floor(Math.log10(meta.window[0][1] - meta.window[0][0])));
  const one = (v) => (Math.abs(v) < 1e4 ? (+v.toFixed(digits) || 0).toFixed(digits).replace("-", "−") : number(v));
  const values = run.theta.map((theta) => one(theta[k]));
  return values.length > 1 ? `(${values.join(", ")})` : values[0];
}

export function tell(meta, run, k) {
  if (run.last < 0) return "no finite point";
  if (run.diverged && k > run.last) return `diverged after step ${meta.steps[run.last]}`;
  return `f = ${number(run.loss[k] + meta.floor)}`;
}

export const settings = (meta, at, axes = meta.axes.keys()) =>
  [...axes].map((i) => `${meta.axes[i].symbol} = ${brief(at[i])}`).join(", ");

// The same of all sliders, part by part: what some of the runs have of their own is said with their names.
export function situation(meta, at) {
  const parts = new Map(); // by whose they are
  meta.axes.forEach((_, i) => {
    const moved = meta.series.filter(({ axes }) => axes.includes(i)).map(({ name }) => name);
    const whose = moved.length < meta.series.length ? `${moved.join(" and ")} ` : "";
    parts.set(whose, [...(parts.get(whose) ?? []), i]);
  });
  return [...parts].map(([whose, axes]) => `${whose}${settings(meta, at, axes)}`);
}

// Parts in lines of so many letters, or of one part that is longer.
export function inLines(parts, letters) {
  const lines = [];
  for (const part of parts) {
    const longer = lines.length ? `${lines.at(-1)} · ${part}` : part;
    if (lines.length && longer.length <= letters) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

// What a pinned run was made with that is another now: of its own sliders, and its start. Nothing: it is the run
// on screen.
export function difference(meta, { series, was, now }) {
  const other = series.axes.filter((i) => was.at[i] !== now.at[i]);
  const moved = series.rule && was.start.some((v, i) => v !== now.start[i]);
  const start = was.start.map((v) => brief(v)).join(", ");
  return [settings(meta, was.at, other), moved && `start ${was.start.length > 1 ? `(${start})` : start}`]
    .filter(Boolean)
    .join(", ");
}

// A run's name; of a pinned one, also what differs.
export function title(meta, run) {
  if (!run.was) return run.series.name;
  const kept = meta.series.length > 1 ? `${run.series.name} kept` : "kept";
  return [kept, difference(meta, run)].filter(Boolean).join(": ");
}

export const outcomes = (meta, runs, k) => runs.map((run) => `${title(meta, run)} ${tell(meta, run, k)}`).join("; ");

export const progress = (meta, k) => `${meta.steps[k]} of ${meta.steps.at(-1)}`;
export const where = (meta, k) => `step ${progress(meta, k)}`;

// How the loss has changed up to a step.
export const losses = (meta, runs, k) =>
  runs
    .map(
      (run) =>
        `${title(meta, run)} ${k > run.last ? tell(meta, run, k) : `from ${number(run.loss[0] + meta.floor)} to ${number(run.loss[k] + meta.floor)}`}`,
    )
    .join("; ");

// A quantity's name, whose signs a screen reader leaves out.
export const aloud = (name) => name.replace(/^−/, "minus ").replace(/^√/, "root of ").replace("/", " over ");

// Of the runs' inner quantities those wanted, at a step.
export function quantities(meta, runs, k, wanted) {
  const value = (values) => {
    if (!values.some((v) => Number.isFinite(v[k]))) return "none at this step";
    const numbers = values.map((v) => number(v[k])).join(", ");
    return values.length > 1 ? `(${numbers})` : numbers;
  };
  const told = runs
    .filter((run) => k <= run.last)
    .map((run) => {
      const found = run.inner
        .filter(({ name }) => wanted.has(name))
        .map(({ name, values }) => `${aloud(name)} ${value(values)}`);
      if (wanted.has("step")) found.push(k < run.last ? `step to ${point(meta, run, k + 1)}` : "no step follows");
      return found.length ? `${title(meta, run)} ${found.join(", ")}` : "";
    });
  return told.filter(Boolean).join("; ");
}

// A text as a screen reader can say it: of 5.8·10⁻⁵ it leaves out the dot and the signs, and says 5.8 10 5.
export const spoken = (text) =>
  text.replace(
    /·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g,
    (_, power) => ` times 10 to the ${[...power].map((sign) => "−0123456789"["⁻⁰¹²³⁴⁵⁶⁷⁸⁹".indexOf(sign)]).join("")}`,
  );
