// Numbers as the page writes them, and the ticks of an axis.

const SUPERSCRIPTS = { "-": "⁻", ...Object.fromEntries([..."⁰¹²³⁴⁵⁶⁷⁸⁹"].map((s, i) => [i, s])) };
const superscript = (n) => [...String(n)].map((c) => SUPERSCRIPTS[c]).join("");

export function number(value, digits = 3) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-3 || size >= 1e5) {
    const [mantissa, power] = value.toExponential(digits - 2).split("e");
    return `${mantissa.replace("-", "−")}·10${superscript(Number(power))}`;
  }
  return (size < 10 ** digits - 0.5 ? value.toPrecision(digits) : value.toFixed(0)).replace("-", "−");
}

// A sweep's value or a tick, with no zeros to fill up.
export function brief(value) {
  if (typeof value !== "number") return String(value);
  return number(value)
    .replace(/(\.\d*?)0+(?=$|·)/, "$1")
    .replace(/\.(?=$|·)/, "");
}

export const tenTo = (value) => `10${superscript(Math.round(Math.log10(value)))}`;

// Round numbers inside [low, high], about `count` of them.
export function ticks([low, high], count) {
  const rough = (high - low) / count;
  if (!(rough > 0) || !Number.isFinite(rough)) return [];
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].find((n) => n * unit >= rough) * unit;
  const found = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high + 1e-9 * step; i++)
    found.push(+(i * step).toPrecision(6));
  return found;
}

// Powers of ten inside [low, high], at most about `count` of them.
export function decades([low, high], count) {
  const [first, last] = [Math.ceil(Math.log10(low) - 1e-9), Math.floor(Math.log10(high) + 1e-9)];
  const step = Math.max(1, Math.ceil((last - first) / count));
  const found = [];
  for (let power = last; power >= first; power -= step) found.push(10 ** power);
  return found;
}

// One, two and five times powers of ten inside [low, high].
export function fine([low, high]) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++)
    found.push(...[1, 2, 5].map((n) => Number(`${n}e${power}`)));
  return found.filter((v) => v >= low && v <= high);
}

// A start on screen as short as the picture allows: a two-thousandth of the window.
export function rounded(value, [low, high]) {
  const digits = Math.max(0, Math.ceil(-Math.log10((high - low) / 2000)));
  return +value.toFixed(Math.min(digits, 100));
}
