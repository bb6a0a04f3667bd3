import { beforeEach, describe, expect, test } from "vitest";
import { shapes } from "../../lib/player/js/ground.js";
import { build, fillRow, row } from "../../lib/player/js/page.js";
import { compose } from "../../lib/player/js/picture.js";
import { Places } from "../../lib/player/js/places.js";
import { Svg } from "../../lib/player/js/svg.js";
import { title } from "../../lib/player/js/words.js";
import "../../lib/player/style.css";
import { colors, meta, screen, values } from "./help.js";

const land = shapes({ unit: 100, shapes: [{ d: "M0 0L9 9", fill: ["#111", "#eee"], line: ["#222", "#ddd"] }] });

let page;
beforeEach(() => {
  document.body.replaceChildren();
  page = build(document.body, meta);
});

// The picture of a player as main.js has it at its step 3.
function picture(changes, heading = ["himmelblau", "step 3 of 7"]) {
  const state = screen({ step: 3, ...changes });
  const places = new Places({ ...page, meta, state });
  const runs = [...state.shown(), ...state.pinned()];
  places.measure(colors);
  places.curves(runs);
  places.paths(runs);
  const { draw, width, height } = compose({
    ...page,
    places,
    meta,
    state,
    land,
    colors,
    heading,
  });
  const g = new Svg(width, height);
  draw(g);
  return { places, width, height, svg: new DOMParser().parseFromString(g.text(), "image/svg+xml").documentElement };
}
const fill = (state, made = page.rows) => state.shown().forEach((run, i) => fillRow(made[i], meta, run, 3));
const texts = (svg) => [...svg.querySelectorAll("text")].map((text) => text.textContent);
// Where a node is in the picture: its own place and the shifts around it.
function at(node) {
  const own = ["x", "y"].map((name) => Number(node.getAttribute(name)));
  for (let g = node.parentNode; g.closest; g = g.parentNode) {
    const shift = g.getAttribute("transform")?.match(/translate\((\S+) (\S+)\)/);
    if (shift) own.forEach((_, c) => (own[c] += Number(shift[c + 1])));
  }
  return own;
}
const find = (svg, text) => [...svg.querySelectorAll("text")].find((node) => node.textContent === text);

test("a long heading has lines, and what is below moves down", () => {
  const parts = Array.from({ length: 9 }, (_, i) => `a part of some letters that is the number ${i}`);
  const [{ height, svg }, plain] = [picture({}, parts), picture()];
  const found = parts.map((part) => [...svg.querySelectorAll("text")].find((node) => node.textContent.includes(part)));
  const lines = [...new Set(found)];
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.map(at)).toEqual(lines.map((_, i) => [10, 15 + 16 * i]));
  expect(height - plain.height).toBeNear(16 * (lines.length - 1));
  document.body.append(svg);
  const [right, all] = [svg.viewBox.baseVal.width, lines.map((line) => line.getBBox())];
  expect(all.filter((box) => box.x + box.width > right)).toEqual([]);
  expect(Math.max(...all.map((box) => box.y + box.height))).toBeLessThan(14 + 16 * lines.length);
});

test("a picture is the stage with a margin and its heading", () => {
  const { width, height, svg } = picture();
  const [stage, { bottom }] = [".stage", ".numbers"].map((part) => page.$(part).getBoundingClientRect());
  expect([width, height]).toBeNear([stage.width + 20, bottom - stage.top + 40]);
  expect(at(find(svg, "himmelblau · step 3 of 7"))).toEqual([10, 15]);
  const [background] = svg.children;
  expect(["width", "height", "fill"].map((name) => background.getAttribute(name))).toEqual([
    `${width}`,
    `${+height.toFixed(2)}`,
    "bg",
  ]);
});

test("the map and the loss are where the page has them", () => {
  const { places, svg } = picture();
  const stage = page.$(".stage").getBoundingClientRect();
  for (const [part, frame, name] of [
    [".map", places.map, "x"],
    [".loss", places.loss, "step"],
  ]) {
    const box = page.$(part).getBoundingClientRect(); // its axis has the name in the middle
    const [x, y] = [frame.left + frame.width / 2, frame.top + frame.height + 19];
    expect(at(find(svg, name))).toBeNear([box.left - stage.left + 10 + x, box.top - stage.top + 30 + y], 0.02);
  }
  expect(svg.querySelector('path[fill="#111"]').getAttribute("d")).toBe("M0 0L9 9");
});

test("the table's texts stand where the page has them", () => {
  fill(screen());
  const { svg } = picture();
  const stage = page.$(".stage").getBoundingClientRect();
  for (const cell of page.root.querySelectorAll(".numbers thead th, .numbers td")) {
    const shown = cell.querySelector("[aria-hidden]") ?? cell; // beside it may be words for a screen reader
    const found = [...svg.querySelectorAll("text")].filter((node) => node.textContent === shown.textContent).map(at);
    const range = document.createRange();
    range.selectNodeContents(shown);
    const box = range.getBoundingClientRect();
    expect(found).toContainEqual([
      expect.closeTo(box.left - stage.left + 10, 1),
      expect.closeTo(box.top + box.height / 2 - stage.top + 30, 1),
    ]);
  }
  expect(texts(svg)).toEqual(expect.arrayContaining(["method", "momentum", "gd", "‖∇f‖"]));
});

test("a run that has ended has its words there", () => {
  const [run] = screen().shown();
  fillRow(page.rows[0], meta, run, 3);
  const [, loss] = [...page.rows[0].querySelectorAll("td")].map((cell) => cell.textContent);
  fillRow(page.rows[0], meta, { ...run, last: 2, diverged: true }, 3);
  const found = texts(picture().svg);
  expect(found).toContain("diverged after step 2");
  expect(found).not.toContain(loss);
});

test("a long name breaks as on the page", () => {
  const name = "momentum with a name that is far too long for one line of the table beside the map";
  page.root.querySelector("tbody span").textContent = name;
  const { svg } = picture();
  const nodes = [...svg.querySelectorAll("text")];
  const first = nodes.findIndex((node) => node.textContent.startsWith("momentum"));
  const left = at(nodes[first])[0];
  const lines = nodes.slice(
    first,
    nodes.findIndex((node, i) => i > first && at(node)[0] !== left),
  );
  expect(lines.length).toBeGreaterThan(1);
  expect(lines.map((line) => line.textContent).join(" ")).toBe(name);
  const down = lines.map((line) => at(line)[1]);
  expect(down).toEqual([...new Set(down)].sort((a, b) => a - b));
});

describe("what is left out", () => {
  test("is the row of a hidden run", () => {
    page.rows[0].classList.add("off");
    const runs = screen().shown();
    const { svg } = picture({ shown: () => runs.slice(1) });
    expect(texts(svg)).not.toContain("momentum");
    expect(texts(svg)).toContain("gd");
    expect(svg.querySelector(`path[stroke="${meta.series[0].color}"]`)).toBe(null);
  });

  test("is what belongs to the reader's hand", () => {
    const drawn = (changes) => picture(changes).svg.outerHTML;
    expect(drawn({ live: true, hover: 2, only: 1 })).toBe(drawn({}));
  });

  test("are bars that are not shown", () => {
    expect(texts(picture().svg)).not.toContain("step/v");
    expect(texts(picture({ bars: new Set(["step/v"]) }).svg)).toContain("step/v");
  });
});

test("a row has its run's line and marker; a pinned one's are solid and hollow", () => {
  const [, gd] = screen().shown();
  const [momentum] = screen({ at: values([0, 0]) }).shown();
  const [was, now] = [0, 1].map((place) => ({ at: values([place, 0]), start: meta.start }));
  const pin = { ...momentum, was, now };
  page.$("tbody").append(row(pin.series, title(meta, pin), true));
  const { svg } = picture({ pins: [pin] });
  expect(texts(svg).join(" ")).toContain("momentum kept: η = 0.005");
  const level = /^M[\d.]+ ([\d.]+)L[\d.]+ \1$/;
  const lines = [...svg.querySelectorAll(":scope > path")].filter((path) => level.test(path.getAttribute("d")));
  expect(lines.map((line) => [line.getAttribute("stroke"), line.getAttribute("stroke-dasharray")])).toEqual([
    [momentum.series.color, "10,3"],
    [gd.series.color, null],
    [momentum.series.color, null],
  ]);
  const [inside, edge] = [...svg.children].slice(-2);
  expect([inside.getAttribute("fill"), edge.getAttribute("stroke")]).toEqual(["bg", momentum.series.color]);
});
