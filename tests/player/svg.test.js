import { expect, test } from "vitest";
import { Svg } from "../../lib/player/js/svg.js";

const drawn = (act) => {
  const g = new Svg(100, 50);
  act(g);
  const page = new DOMParser().parseFromString(g.text(), "image/svg+xml");
  expect(page.querySelector("parsererror")).toBe(null);
  return page.documentElement;
};
const has = (node, wanted) => {
  const found = Object.keys(wanted).map((name) => [name, node.getAttribute(name)]);
  expect(Object.fromEntries(found)).toEqual(wanted);
};

test("a picture says its size", () => {
  has(
    drawn(() => {}),
    { width: "100", height: "50", viewBox: "0 0 100 50" },
  );
});

test("lines and shapes are paths", () => {
  const svg = drawn((g) => {
    g.beginPath();
    g.moveTo(1, 2);
    g.lineTo(3.14159, 4);
    g.setLineDash([4, 2]);
    Object.assign(g, { strokeStyle: "#D55E00", lineWidth: 2, globalAlpha: 0.5 });
    g.stroke();
  });
  has(svg.querySelector("path"), {
    d: "M1 2L3.14 4",
    stroke: "#D55E00",
    "stroke-width": "2",
    "stroke-dasharray": "4,2",
    opacity: "0.5",
    fill: "none",
  });
});

test("a circle is two half ones, a filled shape has no edge", () => {
  const svg = drawn((g) => {
    g.fillStyle = "red";
    g.beginPath();
    g.arc(10, 20, 5, 0, 7);
    g.fill();
  });
  has(svg.querySelector("path"), {
    d: "M5 20a5 5 0 1 0 10 0a5 5 0 1 0 -10 0",
    fill: "red",
    stroke: null,
    "fill-rule": "evenodd",
  });
});

test("boxes are boxes, filled or framed", () => {
  const svg = drawn((g) => {
    Object.assign(g, { fillStyle: "red", strokeStyle: "blue" });
    g.fillRect(1, 2, 3, 4);
    g.strokeRect(5, 6, 7, 8);
  });
  has(svg.children[0], { x: "1", y: "2", width: "3", height: "4", fill: "red", stroke: null });
  has(svg.children[1], { x: "5", y: "6", width: "7", height: "8", fill: "none", stroke: "blue" });
});

test("text is text and escaped", () => {
  const svg = drawn((g) => {
    Object.assign(g, { font: 'italic 12px Fira Sans, "X"', textAlign: "right", textBaseline: "middle" });
    g.fillText('<b>&"', 5, 6);
  });
  const text = svg.querySelector("text");
  expect(text.textContent).toBe('<b>&"');
  has(text, {
    x: "5",
    y: "6",
    dy: "0.35em",
    "font-size": "12px",
    "font-family": 'Fira Sans, "X"',
    "text-anchor": "end",
    "font-style": "italic",
  });
});

test("clips and shifts end with restore, and have no name that another picture on the page might have", () => {
  const svg = drawn((g) => {
    g.save();
    g.translate(10, 20);
    g.beginPath();
    g.rect(1, 2, 5, 6);
    g.clip();
    g.fillRect(1, 1, 2, 2);
    g.restore();
    g.fillRect(0, 0, 1, 1);
  });
  const clipped = svg.querySelector("g[transform='translate(10 20)'] > svg > rect");
  expect(clipped).not.toBe(null);
  has(clipped.parentNode, { x: "1", y: "2", width: "5", height: "6", viewBox: "1 2 5 6" });
  expect(svg.querySelector("[id]")).toBe(null);
  expect(svg.lastElementChild.tagName).toBe("rect");
});

test("a landscape's path keeps its lines thin", () => {
  const svg = drawn((g) => g.stroke({ d: "M0 0L9 9", at: [2, 0, 0, 3, 4, 5] }));
  has(svg.querySelector("path"), {
    "vector-effect": "non-scaling-stroke",
    transform: "matrix(2,0,0,3,4,5)",
    d: "M0 0L9 9",
  });
});
