// What the modules' tests say it with.

export function equal(given, wanted) {
  const [a, b] = [given, wanted].map((value) => JSON.stringify(value, (_, v) => (ArrayBuffer.isView(v) ? [...v] : v)));
  if (a !== b) throw Error(`got ${a}, wanted ${b}`);
}

export function close(given, wanted, tolerance = 1e-6) {
  const [a, b] = [given, wanted].map((value) => [value].flat(9));
  const same = a.length === b.length && a.every((v, i) => Math.abs(v - b[i]) <= tolerance);
  if (!same) throw Error(`got ${a}, wanted ${b} within ${tolerance}`);
}
