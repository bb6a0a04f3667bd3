// What is on screen as one picture, drawn on any context: the map, the charts and the numbers.

import { drawGround } from "./ground.js";
import { drawPaths } from "./paths.js";
import { drawBars, drawLoss, drawLossAxes } from "./charts.js";
import { head, outline } from "./shapes.js";

export function compose({ root, places, meta, state, land, colors, heading }) {
  const [{ em }, { groups }, plain] = [colors, places, { ...state, hover: null, only: null }];
  const stage = root.querySelector(".stage").getBoundingClientRect();
  const [margin, top] = [10 * em, 30 * em];
  const at = (selector) => {
    const box = root.querySelector(selector).getBoundingClientRect();
    return [box.left - stage.left + margin, box.top - stage.top + top, box.width];
  };
  const part = (g, selector, act) => {
    g.save();
    g.translate(...at(selector).slice(0, 2));
    act();
    g.restore();
  };
  const [width, height] = [stage.width + 2 * margin, stage.height + top + margin];
  const draw = (g) => {
    g.fillStyle = colors.bg;
    g.fillRect(0, 0, width, height);
    Object.assign(g, { font: `${13 * em}px ${colors.font}`, fillStyle: colors.fg, textAlign: "left", textBaseline: "middle" });
    g.fillText(heading, margin, top / 2);
    part(g, ".map", () => {
      drawGround(g, places.map, land, meta, colors);
      drawPaths(g, places.map, meta, { ...plain, live: false }, colors);
    });
    part(g, ".loss", () => {
      drawLossAxes(g, places.loss, meta, colors);
      drawLoss(g, places.loss, meta, plain, colors);
    });
    if (groups.length) part(g, ".bars", () => drawBars(g, at(".bars")[2], groups, state, colors));
    drawNumbers(g, root, stage, margin, top, [...state.shown(), ...state.pinned()], colors);
  };
  return { draw, width, height };
}

// A text's lines as the page breaks them, each with the box of its first word.
function lines(node) {
  const [text, range, found] = [node.firstChild, document.createRange(), []];
  for (const { 0: word, index } of text?.data?.matchAll(/\S+/g) ?? []) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const box = range.getBoundingClientRect();
    const last = found.at(-1);
    if (last && Math.abs(last.box.top - box.top) < box.height / 2) last.text += ` ${word}`;
    else found.push({ text: word, box });
  }
  return found;
}

// The table's texts where the page has them, the methods with their lines.
function drawNumbers(g, root, stage, left, top, runs, colors) {
  const { em } = colors;
  const middle = (box) => box.top + box.height / 2 - stage.top + top;
  const rows = [...root.querySelectorAll(".numbers tbody tr")];
  const hidden = rows.filter((row) => row.classList.contains("off")).length;
  const size = parseFloat(getComputedStyle(root.querySelector(".numbers")).fontSize);
  for (const row of root.querySelectorAll(".numbers tr:not(.off)")) {
    for (const cell of row.querySelectorAll("th, td")) {
      if (cell.hidden) continue;
      Object.assign(g, { font: `${size}px ${colors.font}`, fillStyle: cell.closest("thead") ? colors.muted : colors.fg, textAlign: "left", textBaseline: "middle" });
      for (const line of lines(cell.querySelector("span") ?? cell)) g.fillText(line.text, line.box.left - stage.left + left, middle(line.box));
    }
  }
  if (hidden === rows.length) return;
  rows.filter((row) => !row.classList.contains("off")).forEach((row, i) => {
    const [run, place] = [runs[i], row.querySelector("svg").getBoundingClientRect()];
    if (!run) return;
    const [x, y] = [place.left - stage.left + left, middle(place)];
    const pinned = row.classList.contains("pinned");
    g.beginPath();
    g.moveTo(x, y);
    g.lineTo(x + place.width, y);
    Object.assign(g, { strokeStyle: colors.of(run.series.color), lineWidth: 1.8 * em });
    if (!pinned) g.setLineDash(run.series.dash.map((part) => part * em));
    g.stroke();
    g.setLineDash([]);
    head(g, outline(run.series.marker, x + place.width / 2, y, 5 * em), run.series, colors, pinned);
  });
}
