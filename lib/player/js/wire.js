// What lib/wire.py sends, taken apart. The format is described there.

// The recorded series' numbers.
export function unpack(buffer) {
  const bytes = new Uint8Array(buffer.buffer ?? buffer, buffer.byteOffset ?? 0, buffer.byteLength);
  return new Float32Array(bytes.slice().buffer); // a copy, for a buffer may begin anywhere
}

// The recorded run of a series where the sliders stand: its channels and its last step.
export function select(meta, data, index, at) {
  const points = meta.steps.length;
  const count = (axes) => axes.reduce((n, axis) => n * meta.axes[axis].values.length, 1);
  const channels = (series) => meta.coords.length * (1 + series.inner.length) + 2;
  let next = 0;
  for (const series of meta.series.slice(0, index))
    if (!series.rule) next += count(series.axes) * channels(series) * points;
  const series = meta.series[index];
  const inside = series.axes.reduce(
    (n, axis) => n * meta.axes[axis].values.length + Math.round(position(meta.axes[axis], at[axis])),
    0,
  );
  next += inside * channels(series) * points;
  const channel = () => data.subarray(next, (next += points));
  const run = { series, index, theta: meta.coords.map(channel), loss: channel(), grad_norm: channel() };
  run.inner = series.inner.map((quantity) => ({ ...quantity, values: meta.coords.map(channel) }));
  run.across = run.theta[0];
  run.up = run.theta[1] ?? run.loss.map((gap) => gap + meta.floor);
  run.last = points - 1;
  while (run.last >= 0 && !(Number.isFinite(run.across[run.last]) && Number.isFinite(run.up[run.last]))) run.last--;
  run.diverged = run.last < points - 1;
  return run;
}

// A sweep's axis is even in its values or in their logarithms; a slider stands at 0, 1, … on its values, and between.
function scale({ values }) {
  const spread = (numbers) => {
    const gaps = numbers.slice(1).map((v, i) => v - numbers[i]);
    return Math.max(...gaps) / Math.min(...gaps);
  };
  const logs = values.every((v) => v > 0) ? values.map(Math.log) : null;
  const even =
    values.length > 2 ? logs && Math.abs(spread(logs)) < Math.abs(spread(values)) : logs && values[1] / values[0] >= 10;
  return even ? [Math.log, Math.exp] : [(v) => v, (v) => v];
}

// The value at a place of the slider; between two of the sweep's with four digits, for it is written in the code.
export function valueAt(axis, place) {
  const k = Math.min(Math.floor(place), axis.values.length - 1);
  if (place - k < 1e-9) return axis.values[k];
  const [from, to] = scale(axis);
  const [low, high] = [axis.values[k], axis.values[k + 1]].map(from);
  return Number(to(low + (place - k) * (high - low)).toPrecision(4));
}

// Where the slider stands at a value.
export function position(axis, value) {
  const { values } = axis;
  if (values.length < 2 || values.includes(value)) return Math.max(0, values.indexOf(value));
  const [from] = scale(axis);
  const up = values[1] > values[0];
  const k = Math.max(
    0,
    Math.min(
      values.length - 2,
      values.findLastIndex((v) => (up ? v <= value : v >= value)),
    ),
  );
  const [low, high] = [values[k], values[k + 1]].map(from);
  return Math.max(0, Math.min(values.length - 1, k + (from(value) - low) / (high - low)));
}

// The Python that makes the runs shown; null when it is not known.
export function code(meta, at, start, shown) {
  const axis = (name) => meta.axes.findIndex((axis) => axis.name === name);
  const value = (name) => (/^\d+$/.test(name) ? start[name] : at[axis(name)]);
  const calls = shown.map((series) => series.code?.replace(/\{(\w+)\}/g, (_, name) => String(value(name))));
  if (!calls.length || calls.includes(undefined)) return null;
  const given = (text) => meta.python?.(text, shown) ?? text;
  if (meta.series.length === 1) return given(calls[0]);
  return given(`{\n${calls.map((call, i) => `    ${JSON.stringify(shown[i].name)}: ${call},\n`).join("")}}`);
}
