// The picture as text or as pixels, a file of it, and text to the clipboard.

import { Svg } from "./svg.js";

export function svg({ draw, width, height }) {
  const g = new Svg(width, height);
  draw(g);
  return g.text();
}

export function png({ draw, width, height }, ratio = 2) {
  const canvas = Object.assign(document.createElement("canvas"), {
    width: Math.round(width * ratio),
    height: Math.round(height * ratio),
  });
  const g = canvas.getContext("2d");
  g.scale(ratio, ratio);
  g.lineJoin = "round";
  draw(g);
  return new Promise((done) => canvas.toBlob(done));
}

// The link is in the page when it is clicked: VS Code saves what it hears of there.
export function download(blob, name, near) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  near.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 1e4);
}

// Whether the text is on the clipboard now; `near` is where an older browser may put a field for it.
export async function copy(text, near) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = Object.assign(document.createElement("textarea"), { value: text });
    const before = document.activeElement;
    near.append(field);
    field.select();
    const copied = document.execCommand("copy");
    field.remove();
    if (before instanceof HTMLElement) before.focus();
    return copied;
  }
}
