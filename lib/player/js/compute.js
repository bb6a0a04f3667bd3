// Runs that the page computes, by the documents of lib/player/document.py: for any place of the sliders, from any start.

import { descend, heights, look } from "./descend.js";
import { machine } from "./interpreter.js";

// What a series can show of its inside, from its rule's list: −g, and what the rule's lines make. An arrow turns
// round with the gradient; it is shown pointing the way the step goes. A bar does not; what grows with the
// gradient's square is shown as its root.
function shownOf({ document, r, go }) {
  const answer = (g, at) => {
    r.fill(0, 0, 0);
    for (const [name, register] of Object.entries(document.given)) r[register] = name === "t" ? 1 : 0.5;
    for (const register of [...document.theta, ...Object.values(document.state).flat()]) r[register] = 0;
    for (const register of document.g) r[register] = g;
    go();
    return r[at[0]];
  };
  const found = [{ name: "−g", kind: "arrow", text: "g = ∇f(θ)", at: document.g, sign: -1, square: false }];
  for (const { text, values } of document.lines) {
    for (const [made, { at, as }] of Object.entries(values)) {
      if (!["arrow", "bar"].includes(as) || made === "g" || found.some((one) => one.made === made)) continue;
      const sign = as === "arrow" && answer(1, at) > 0 ? -1 : 1;
      const square = as === "bar" && Math.abs(answer(2, at) / answer(1, at) - 4) < 1e-6;
      const name = `${sign < 0 ? "−" : ""}${square ? "√" : ""}${made}`;
      found.push({ made, name, kind: as, text, at, sign, square });
    }
  }
  return found;
}

// The rule's lines, after one for the gradient that it is given: { text, made: [{ name, at }], arrows }, the arrows by
// the names they have among the quantities.
function linesOf(document, inner) {
  const first = { text: "g = ∇f(θ)", values: { g: { at: document.g, as: "arrow" } } };
  return [first, ...document.lines].map(({ text, values }) => {
    const made = Object.entries(values).map(([name, one]) => ({ name, ...one }));
    const arrow = ({ name, as }) =>
      as === "point"
        ? "step"
        : name === "g"
          ? "−g"
          : inner.find((one) => one.made === name && one.kind === "arrow")?.name;
    return { text, made, arrows: made.map(arrow).filter(Boolean) };
  });
}

// The meta with each series that the page computes made ready: its `inner` quantities, and `compute(at, start)`;
// and `heights(axes)`, the surface's values over a grid.
export function ready(meta) {
  if (!meta.surface) return meta;
  const surface = machine(meta.surface);
  // A slider goes between the sweep's values where the page computes all that it moves, and no value is a count.
  const between = (name, i) =>
    meta.series.every(({ axes, rule }) => !axes.includes(i) || (rule && !rule.ranges[name]?.whole));
  const axes = meta.axes.map((axis, i) => ({
    ...axis,
    between: axis.values.length > 1 && between(axis.of ?? axis.name, i),
  }));
  return {
    ...meta,
    axes,
    heights: (axes) => heights(surface, axes),
    series: meta.series.map((series, index) => (series.rule ? computed(meta, series, index, surface) : series)),
  };
}

function computed(meta, series, index, surface) {
  const rule = machine(series.rule);
  const inner = shownOf(rule);
  const lines = linesOf(series.rule, inner);
  const wanted = [...inner, ...lines.flatMap(({ made }) => made)];
  const rate = inner.findLast(({ kind, made }) => kind === "arrow" && (!made || series.rule.state[made])); // the step is a multiple of it
  const made = {
    ...series,
    inner: [
      ...inner,
      { name: `step/${rate.made ?? "g"}`, kind: "bar", text: `the step's length over that of ${rate.made ?? "g"}` },
    ].map(({ name, kind, text }) => ({ name, kind, text })),
  };
  made.compute = (at, start) => {
    const given = { ...series.given };
    start = [...start];
    for (const i of series.axes) {
      const { name, of, factors, registers } = meta.axes[i];
      if (registers) {
        for (const place of registers) surface.r[place] = at[i];
        continue;
      }
      const coord = meta.coords.findIndex((c) => name === `start_${c}`);
      if (coord < 0) given[of ?? name] = factors ? factors.map((factor) => factor * at[i]) : at[i];
      else start[coord] = at[i];
    }
    const taken = descend(
      rule,
      surface,
      { start, given },
      meta.steps.at(-1),
      wanted.map((one) => one.at),
    );
    if (!taken.diverged) {
      const { grad } = look(
        surface,
        taken.theta.map((values) => values[taken.last]),
      ); // where no step follows
      grad.forEach((g, c) => (taken.made[0][c][taken.last] = g));
    }
    const dense = meta.steps.length === meta.steps.at(-1) + 1;
    const pick = (values) => (dense ? values : Float64Array.from(meta.steps, (k) => values[k]));
    const run = {
      series: made,
      index,
      theta: taken.theta.map(pick),
      loss: pick(taken.loss.map((f) => f - meta.floor)),
      grad_norm: pick(taken.norm),
    };
    const put = ({ sign, square }, values) => pick(values.map((v) => (square ? Math.sqrt(v) : sign * v)));
    run.inner = inner.map(({ name, kind, ...how }, i) => ({
      name,
      kind,
      values: taken.made[i].map((values) =>
        put(kind === "bar" && !how.square ? { sign: 1, square: false } : how, values).map(
          kind === "bar" ? Math.abs : (v) => v,
        ),
      ),
    }));
    const base = taken.made[inner.indexOf(rate)];
    const step = (c) => taken.theta[c].map((v, k, all) => Math.abs((all[k + 1] - v) / base[c][k]));
    run.inner.push({ ...made.inner.at(-1), values: taken.theta.map((_, c) => pick(step(c))) });
    run.lines = lines.map(({ text, made, arrows }) => ({
      text,
      arrows,
      made: made.map((one) => ({ ...one, values: taken.made[wanted.indexOf(one)].map(pick) })),
    }));
    run.across = run.theta[0];
    run.up = run.theta[1] ?? run.loss.map((gap) => gap + meta.floor);
    run.last = meta.steps.findLastIndex((k) => k <= taken.last);
    run.diverged = taken.diverged;
    if (run.diverged && !Number.isFinite(run.loss[0] + run.theta[0][0])) run.last = -1;
    return run;
  };
  return made;
}
