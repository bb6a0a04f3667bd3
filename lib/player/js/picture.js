// What is on screen as one picture, drawn on any context: the map, the charts and the numbers.

import { drawGround } from "./ground.js";
import { drawPaths } from "./paths.js";
import { drawBars, drawLoss, drawLossAxes } from "./charts.js";
import { head, outline } from "./shapes.js";
import { inLines } from "./words.js";

export function compose({ root, places, meta, state, land, colors, heading }) {
  const [{ em }, { groups }, plain] = [colors, places, { ...state, hover: null, only: null }];
  const stage = root.querySelector(".stage");
  const around = stage.getBoundingClientRect();
  const scale = around.width / parseFloat(getComputedStyle(stage).width); // of a slide that fills its screen
  const said = inLines(heading, around.width / scale / (7 * em));
  const [margin, above] = [10 * em, (14 + 16 * said.length) * em];
  const panel = root.querySelector(".inside").getBoundingClientRect(); // it is left out
  // Where something is in the picture.
  const within = (thing) => {
    const { left, top, width, height } = thing.getBoundingClientRect();
    const lift = panel.height && top >= panel.bottom ? panel.height : 0;
    const x = (left - around.left) / scale + margin;
    const y = (top - lift - around.top) / scale + above;
    return { left: x, top: y, middle: y + height / scale / 2, width: width / scale, height: height / scale };
  };
  const part = (g, selector, act) => {
    const { left, top, width } = within(root.querySelector(selector));
    g.save();
    g.translate(left, top);
    act(width);
    g.restore();
  };
  const parts = [...stage.children].filter((child) => !child.matches(".inside, [hidden]")).map(within);
  const [width, height] = [
    around.width / scale + 2 * margin,
    Math.max(...parts.map(({ top, height }) => top + height)) + margin,
  ];
  const draw = (g) => {
    g.fillStyle = colors.bg;
    g.fillRect(0, 0, width, height);
    Object.assign(g, {
      font: `${13 * em}px ${colors.font}`,
      fillStyle: colors.fg,
      textAlign: "left",
      textBaseline: "middle",
    });
    said.forEach((line, i) => g.fillText(line, margin, (15 + 16 * i) * em));
    part(g, ".map", () => {
      drawGround(g, places.map, land, meta, colors);
      drawPaths(g, places.map, meta, { ...plain, live: false }, colors);
    });
    part(g, ".loss", () => {
      drawLossAxes(g, places.loss, meta, colors);
      drawLoss(g, places.loss, meta, plain, colors);
    });
    if (groups.length) part(g, ".bars", (width) => drawBars(g, width, groups, state, colors));
    drawNumbers(g, root, within, [...state.shown(), ...state.pinned()], colors);
  };
  return { draw, width, height };
}

// A text's lines as the page breaks them, each with the place of its first word.
function lines(node, within) {
  const [text, range, found] = [node.firstChild, document.createRange(), []];
  for (const { 0: word, index } of text?.data?.matchAll(/\S+/g) ?? []) {
    range.setStart(text, index);
    range.setEnd(text, index + word.length);
    const box = within(range);
    const last = found.at(-1);
    if (last && Math.abs(last.box.top - box.top) < box.height / 2) last.text += ` ${word}`;
    else found.push({ text: word, box });
  }
  return found;
}

// The table's texts where the page has them, the methods with their lines.
function drawNumbers(g, root, within, runs, colors) {
  const { em } = colors;
  const rows = [...root.querySelectorAll(".numbers tbody tr:not([hidden])")];
  const hidden = rows.filter((row) => row.classList.contains("off")).length;
  const size = parseFloat(getComputedStyle(root.querySelector(".numbers")).fontSize);
  for (const row of root.querySelectorAll(".numbers tr:not(.off, [hidden])")) {
    for (const cell of row.querySelectorAll("th, td")) {
      if (cell.hidden) continue;
      Object.assign(g, {
        font: `${size}px ${colors.font}`,
        fillStyle: cell.closest("thead") ? colors.muted : colors.fg,
        textAlign: "left",
        textBaseline: "middle",
      });
      for (const { text, box } of lines(cell.querySelector("span") ?? cell, within))
        g.fillText(text, box.left, box.middle);
    }
  }
  if (hidden === rows.length) return;
  rows
    .filter((row) => !row.classList.contains("off"))
    .forEach((row, i) => {
      const run = runs[i];
      if (!run) return;
      const { left: x, middle: y, width } = within(row.querySelector("svg"));
      const pinned = row.classList.contains("pinned");
      g.beginPath();
      g.moveTo(x, y);
      g.lineTo(x + width, y);
      Object.assign(g, { strokeStyle: colors.of(run.series.color), lineWidth: 1.8 * em });
      if (!pinned) g.setLineDash(run.series.dash.map((part) => part * em));
      g.stroke();
      g.setLineDash([]);
      head(g, outline(run.series.marker, x + width / 2, y, 5 * em), run.series, colors, pinned);
    });
}
