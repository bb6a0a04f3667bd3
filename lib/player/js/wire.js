// What lib/wire.py sends, taken apart. The format is described there.

// 24-bit floats, the upper three bytes of a float32, as a Float32Array.
export function unpack(buffer) {
  const view = buffer.buffer ?? buffer;
  const bytes = new Uint8Array(view, buffer.byteOffset ?? 0, buffer.byteLength);
  const words = new Uint32Array(Math.floor(bytes.length / 3));
  for (let i = 0, j = 0; i < words.length; i++, j += 3) {
    words[i] = (bytes[j] << 8) | (bytes[j + 1] << 16) | (bytes[j + 2] << 24);
  }
  return new Float32Array(words.buffer);
}

// Where each series lies in the data: its first number, its runs and its channels.
export function blocks(meta) {
  let first = 0;
  return meta.series.map((series) => {
    const runs = series.axes.reduce((n, axis) => n * meta.axes[axis].values.length, 1);
    const channels = meta.coords.length * (1 + series.inner.length) + 2;
    const block = { first, runs, channels };
    first += runs * channels * meta.steps.length;
    return block;
  });
}

// The part of the data that a series' run for the sliders' positions `at` takes: its first number, and how many.
function part(meta, index, at) {
  const [{ axes }, { first, channels }] = [meta.series[index], blocks(meta)[index]];
  const inside = axes.reduce((n, axis) => n * meta.axes[axis].values.length + at[axis], 0);
  const size = channels * meta.steps.length;
  return [first + inside * size, size];
}

// The data with other runs at the positions `at`: those in `fresh`, one of each series.
export function replace(meta, data, fresh, at) {
  const replaced = data.slice();
  let next = 0;
  for (const index of meta.series.keys()) {
    const [first, size] = part(meta, index, at);
    replaced.set(fresh.subarray(next, (next += size)), first);
  }
  return replaced;
}

// The recorded run of a series for the sliders' positions `at`: its channels and its last step.
export function select(meta, data, index, at) {
  const [series, points] = [meta.series[index], meta.steps.length];
  let [next] = part(meta, index, at);
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

// What the loss axis spans: all of the data, but no more than twenty decades below the highest start and
// two above it.
export function lossRange(meta, data) {
  if (!meta.log) return meta.range;
  const points = meta.steps.length;
  let [low, high, start] = [Infinity, 0, 0];
  for (const { first, runs, channels } of blocks(meta)) {
    for (let r = 0; r < runs; r++) {
      const i = first + (r * channels + meta.coords.length) * points;
      if (data[i] > start && data[i] < Infinity) start = data[i];
      for (let k = i; k < i + points; k++) {
        const v = data[k];
        if (v > 0 && v < low) low = v;
        if (v > high && v < Infinity) high = v;
      }
    }
  }
  if (!(high > 0)) return [0.1, 1];
  high = Math.min(high, 100 * (start || high));
  return [Math.max(Math.min(low, high / 10), 1e-20 * (start || high)), high];
}

// The Python that makes the runs shown; null when it is not known.
export function code(meta, at, start, shown) {
  const axis = (name) => meta.axes.findIndex((axis) => axis.name === name);
  const value = (name) => (/^\d+$/.test(name) ? start[name] : meta.axes[axis(name)].values[at[axis(name)]]);
  const calls = shown.map((series) => series.code?.replace(/\{(\w+)\}/g, (_, name) => String(value(name))));
  if (!calls.length || calls.includes(undefined)) return null;
  if (meta.series.length === 1) return calls[0];
  return `{\n${calls.map((call, i) => `    ${JSON.stringify(shown[i].name)}: ${call},\n`).join("")}}`;
}
