// A drawing context that writes SVG: what the drawing modules call of a canvas's, and no more.

const ANCHOR = { left: "start", center: "middle", right: "end" };
const DOWN = { top: "0.8em", middle: "0.35em", alphabetic: "0" };
const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
const short = (v) => +v.toFixed(2);

export class Svg {
  parts = [];
  d = "";
  dash = [];
  open = [""];
  fillStyle = "#000";
  strokeStyle = "#000";
  lineWidth = 1;
  globalAlpha = 1;
  lineDashOffset = 0;
  font = "11px sans-serif";
  textAlign = "left";
  textBaseline = "alphabetic";

  constructor(width, height) {
    this.width = width;
    this.height = height;
  }
  text() {
    const [w, h] = [short(this.width), short(this.height)];
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="0 0 ${w} ${h}">\n${this.parts.join("\n")}\n</svg>\n`;
  }

  beginPath() {
    this.d = "";
  }
  moveTo(x, y) {
    this.d += `M${short(x)} ${short(y)}`;
  }
  lineTo(x, y) {
    this.d += `${this.d ? "L" : "M"}${short(x)} ${short(y)}`;
  }
  closePath() {
    this.d += "Z";
  }
  rect(...box) {
    this.box = box.map(short);
  } // only to clip with
  arc(x, y, r) {
    this.d += `M${short(x - r)} ${short(y)}a${short(r)} ${short(r)} 0 1 0 ${short(2 * r)} 0a${short(r)} ${short(r)} 0 1 0 ${short(-2 * r)} 0`;
  } // full circles
  setLineDash(dash) {
    this.dash = dash;
  }

  look(fill, stroke) {
    const dash = this.dash.length
      ? ` stroke-dasharray="${this.dash.map(short)}" stroke-dashoffset="${short(this.lineDashOffset)}"`
      : "";
    const line = stroke
      ? ` stroke="${escape(this.strokeStyle)}" stroke-width="${short(this.lineWidth)}" stroke-linejoin="round"${dash}`
      : "";
    const alpha = this.globalAlpha < 1 ? ` opacity="${short(this.globalAlpha)}"` : "";
    return `fill="${fill ? escape(this.fillStyle) : "none"}"${line}${alpha}`;
  }
  shape(path, look) {
    const at = path ? ` transform="matrix(${path.at})" vector-effect="non-scaling-stroke"` : "";
    const d = path ? path.d : this.d;
    if (d) this.parts.push(`<path d="${d}"${at} ${look}/>`);
  }
  stroke(path) {
    this.shape(path, this.look(false, true));
  }
  fill(path) {
    this.shape(path, `${this.look(true, false)} fill-rule="evenodd"`);
  }
  fillRect(x, y, w, h) {
    this.parts.push(
      `<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" ${this.look(true, false)}/>`,
    );
  }
  strokeRect(x, y, w, h) {
    this.parts.push(
      `<rect x="${short(x)}" y="${short(y)}" width="${short(w)}" height="${short(h)}" ${this.look(false, true)}/>`,
    );
  }
  label(text, x, y, look) {
    const [, style, size, family] = this.font.match(/^(italic )?([\d.]+px) (.*)$/) ?? ["", "", "11px", "sans-serif"];
    this.parts.push(
      `<text x="${short(x)}" y="${short(y)}" dy="${DOWN[this.textBaseline]}" text-anchor="${ANCHOR[this.textAlign]}" font-family="${escape(family)}" font-size="${size}"${style ? ' font-style="italic"' : ""} ${look}>${escape(text)}</text>`,
    );
  }
  fillText(text, x, y) {
    this.label(text, x, y, this.look(true, false));
  }
  strokeText(text, x, y) {
    this.label(text, x, y, this.look(false, true));
  }

  save() {
    this.open.push("");
  }
  restore() {
    this.parts.push(this.open.pop());
  }
  group(name, attributes) {
    this.open.push(`</${name}>${this.open.pop()}`);
    this.parts.push(`<${name} ${attributes}>`);
  }
  translate(x, y) {
    this.group("g", `transform="translate(${short(x)} ${short(y)})"`);
  }
  // A picture in the picture clips with no name, which two pictures on one page would share.
  clip() {
    const [x, y, w, h] = this.box;
    this.group("svg", `x="${x}" y="${y}" width="${w}" height="${h}" viewBox="${x} ${y} ${w} ${h}"`);
  }
}
