// Canvases, and frames that map data to their pixels.

// A canvas of this size in CSS pixels, cleared. A deck is enlarged as a whole, and shows more pixels for each.
export function prepare(canvas, width, height, enlarged = 1) {
  const ratio = (globalThis.devicePixelRatio || 1) * enlarged;
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
  const g = canvas.getContext("2d");
  g.setTransform(ratio, 0, 0, ratio, 0, 0);
  g.clearRect(0, 0, width, height);
  Object.assign(g, { lineJoin: "round", lineCap: "butt", globalAlpha: 1 });
  return g;
}

// A frame maps data to pixels: {px, py} functions, their inverses and the pixel box.
export function frame(box, xs, ys, log = false) {
  const scale = log ? (v) => Math.log10(Math.max(v, ys[0] * 1e-9)) : (v) => v;
  const [low, high] = ys.map(scale);
  const limit = (v) => Math.max(-1e5, Math.min(1e5, v));
  return {
    ...box,
    xs,
    ys,
    px: (v) => limit(box.left + ((v - xs[0]) / (xs[1] - xs[0] || 1)) * box.width),
    py: (v) => limit(box.top + (1 - (scale(v) - low) / (high - low || 1)) * box.height),
    x: (pixel) => xs[0] + ((pixel - box.left) / box.width) * (xs[1] - xs[0]),
    y: (pixel) => ys[0] + (1 - (pixel - box.top) / box.height) * (ys[1] - ys[0]),
    inside: (x, y) => x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height,
  };
}

// The part of the window around a center: no part of it is outside as long as the center is inside.
export function around([[x0, x1], [y0, y1]], { x, y, zoom }) {
  const part = (low, high, center) => {
    const half = (high - low) / 2 / zoom;
    const c = center < low || center > high ? center : Math.max(low + half, Math.min(high - half, center));
    return [c - half, c + half];
  };
  return [part(x0, x1, x), part(y0, y1, y)];
}

export function drawAxes(g, f, colors, { across, up, label, xlabel, ylabel, grid = false }) {
  const { em } = colors;
  g.font = `${11 * em}px ${colors.font}`;
  g.lineWidth = em;
  g.fillStyle = colors.muted;
  g.strokeStyle = colors.rule;
  g.textAlign = "center";
  g.textBaseline = "top";
  for (const [text, x] of across) g.fillText(text, x, f.top + f.height + 6 * em);
  g.fillText(xlabel, f.left + f.width / 2, f.top + f.height + 19 * em);
  g.textAlign = "left";
  g.fillText(ylabel, 2, f.ylabel);
  g.textAlign = "right";
  g.textBaseline = "middle";
  g.beginPath();
  for (const v of up) {
    const y = f.py(v);
    if (y - 6 * em < f.ylabel + 11 * em && y > f.ylabel - 6 * em) continue; // the axis's name stands there
    g.fillText(label(v), f.left - 6 * em, y);
    if (grid) (g.moveTo(f.left, y), g.lineTo(f.left + f.width, y));
  }
  g.stroke();
}

// From here to the next restore, nothing is drawn outside a frame and its margin.
export function clip(g, { left, top, width, height }, margin = 0) {
  g.save();
  g.beginPath();
  g.rect(left - margin, top - margin, width + 2 * margin, height + 2 * margin);
  g.clip();
}
