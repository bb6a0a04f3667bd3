// Beside the map: the loss against the step, and bars of the inner quantities, one a coordinate.

import { brief, decades, fine, number, tenTo, ticks } from "./numbers.js";
import { head, outline, place, played, strength, strokePart } from "./shapes.js";
import { clip, drawAxes } from "./canvas.js";

export function drawLossAxes(g, f, meta, colors) {
  const powers = meta.log ? decades(f.ys, 6) : [];
  const up =
    powers.length > 2 ? { up: powers, label: tenTo } : { up: (meta.log ? fine : ticks)(f.ys, 5), label: brief };
  const across = ticks(f.xs, 5)
    .filter(Number.isInteger)
    .map((v) => [brief(v), f.px(v)]);
  drawAxes(g, f, colors, {
    across,
    ...up,
    xlabel: "step",
    ylabel: meta.floor ? "loss f − minimum" : "loss f",
    grid: true,
  });
}

export function drawLoss(g, f, meta, state, colors) {
  const { em } = colors;
  const curves = played(state);
  const curve = ({ run, pinned, most, until }) => {
    Object.assign(g, {
      strokeStyle: colors.of(run.series.color),
      lineWidth: (pinned ? 1.2 : 1.8) * em,
      globalAlpha: most,
    });
    strokePart(g, run.curve, pinned ? [] : run.series.dash.map((part) => part * em), 0, until);
  };
  const upright = (step, style) => {
    const x = f.px(meta.steps[step]);
    Object.assign(g, { strokeStyle: style, lineWidth: em });
    g.beginPath();
    g.moveTo(x, f.top);
    g.lineTo(x, f.top + f.height);
    g.stroke();
  };
  clip(g, f, em);
  upright(Math.floor(state.step), colors.muted);
  curves.forEach(curve);
  g.restore();
  clip(g, f, 8 * em);
  for (const { run, pinned } of curves) {
    g.globalAlpha = strength(state, run);
    head(g, outline(run.series.marker, ...place(run.curve, state.step), 5 * em), run.series, colors, pinned);
  }
  g.globalAlpha = 1;
  if (state.hover !== null) {
    upright(state.hover, colors.fg);
    for (const run of [...state.shown(), ...state.pinned()]) {
      if (state.hover > run.last) continue;
      g.beginPath();
      g.arc(...place(run.curve, state.hover), 5 * em, 0, 7);
      Object.assign(g, { strokeStyle: colors.fg, lineWidth: 2 * em });
      g.stroke();
    }
    const right = f.px(meta.steps[state.hover]) > f.left + f.width / 2;
    Object.assign(g, {
      font: `${11 * em}px ${colors.font}`,
      textAlign: right ? "right" : "left",
      textBaseline: "top",
      fillStyle: colors.fg,
      strokeStyle: colors.bg,
      lineWidth: 4 * em,
    });
    const spot = [`step ${meta.steps[state.hover]}`, f.px(meta.steps[state.hover]) + (right ? -6 : 6) * em, f.top];
    g.strokeText(...spot);
    g.fillText(...spot);
  }
  g.restore();
}

// The bars to draw: for each quantity wanted, of each run, one a coordinate.
export function bars(meta, state) {
  const names = [
    ...new Set(state.shown().flatMap((run) => run.inner.filter((q) => q.kind === "bar").map((q) => q.name))),
  ];
  return names
    .filter((name) => state.bars.has(name))
    .map((name) => {
      const rows = state.shown().flatMap((run) => {
        const quantity = run.inner.find((q) => q.name === name);
        return quantity ? meta.coords.map((coord, c) => ({ run, coord, values: quantity.values[c] })) : [];
      });
      return { name, rows, range: span(rows.map((row) => row.values)) };
    });
}

// The finite positive values' range, at most six decades, in whole ones.
function span(arrays) {
  let [low, high] = [Infinity, 0];
  for (const values of arrays)
    for (const v of values) {
      if (v > 0 && v < low) low = v;
      if (v > high && v < Infinity) high = v;
    }
  if (!(high > 0)) return [0.1, 1];
  high = 10 ** Math.ceil(Math.log10(high));
  return [Math.max(10 ** Math.floor(Math.log10(low)), high / 1e6, 1e-38), high].map((v, i) =>
    i ? v : Math.min(v, high / 10),
  );
}

export const barsHeight = (groups, em) => groups.reduce((sum, group) => sum + 34 * em + 15 * em * group.rows.length, 0);

export function drawBars(g, width, groups, state, colors) {
  const { em } = colors;
  const k = Math.floor(state.step);
  const [left, right] = [60 * em, 64 * em];
  let y = 0;
  for (const { name, rows, range } of groups) {
    const x = (v) => left + (Math.log10(v / range[0]) / Math.log10(range[1] / range[0])) * (width - left - right);
    Object.assign(g, {
      font: `${11 * em}px ${colors.font}`,
      fillStyle: colors.muted,
      strokeStyle: colors.rule,
      lineWidth: em,
      textBaseline: "middle",
      textAlign: "left",
    });
    g.fillText(name, 2, y + 9 * em);
    const [top, height] = [y + 18 * em, 15 * em * rows.length];
    g.textAlign = "center";
    g.beginPath();
    for (const v of decades(range, 5)) {
      g.moveTo(x(v), top);
      g.lineTo(x(v), top + height);
      g.fillText(tenTo(v), x(v), y + 9 * em);
    }
    g.stroke();
    rows.forEach(({ run, coord, values }, i) => {
      const [row, value] = [top + 15 * em * i, k <= run.last ? values[k] : NaN];
      Object.assign(g, { fillStyle: colors.of(run.series.color), globalAlpha: 0.85 });
      if (value > range[0]) g.fillRect(left, row + 2 * em, x(Math.min(value, range[1])) - left, 10 * em);
      Object.assign(g, { globalAlpha: 1, fillStyle: colors.fg, textAlign: "right" });
      g.fillText(coord, left - 6 * em, row + 7.5 * em);
      g.textAlign = "left";
      g.fillText(number(value), width - right + 8 * em, row + 7.5 * em);
    });
    y += 34 * em + 15 * em * rows.length;
  }
}
