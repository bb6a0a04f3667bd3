// The player's widget: runs that compute.js takes from their documents, or that were recorded, drawn and played.

import { difference, progress, situation, title, where } from "./words.js";
import { code, select, unpack, valueAt } from "./wire.js";
import { ready } from "./compute.js";
import { nearest } from "./shapes.js";
import { drawGround, shapes } from "./ground.js";
import { drawPaths } from "./paths.js";
import { drawBars, drawLoss, drawLossAxes } from "./charts.js";
import { build, fillRow, fillSlider, icon, palette, row, tint } from "./page.js";
import { clock } from "./clock.js";
import { legend } from "./legend.js";
import { insideView } from "./lines.js";
import { Places } from "./places.js";
import { paper } from "./paper.js";
import { placeOf, presetButtons, take } from "./presets.js";
import { openLink, putLink } from "./link.js";
import { pointing } from "./pointing.js";
import { starter } from "./start.js";
import { voice } from "./voice.js";
import { watch } from "./watch.js";
import { compose } from "./picture.js";
import { copy, download, png, svg } from "./save.js";

const SELDOM = 3000; // milliseconds

export function render({ model, el }) {
  const meta = ready(model.get("meta"));
  const last = meta.steps.length - 1;
  const { root, $, rows, sliders } = build(el, meta);
  const [mapCanvas, lossCanvas, barsCanvas] = [$(".paths"), $(".curves"), $(".bars canvas")];
  const [mapGround, lossGround] = [$(".map .ground"), $(".loss .ground")];
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const calm = () => still.matches || document.body.classList.contains("vscode-reduce-motion");
  let land = shapes(model.get("landscape"));
  const views = new Map(); // by canvas, of what stays
  let colors,
    runs = [],
    pins = [],
    pinRows = [],
    words = -1,
    written = 0;
  const state = {
    step: last,
    playing: false,
    loop: false,
    live: meta.series.some(({ rule }) => rule) && !meta.axes.some(({ name }) => name.startsWith("start_")),
    hover: null,
    only: null,
    at: meta.axes.map(({ values }, i) => values[meta.at[i]]),
    start: meta.start,
    hidden: new Set(),
    arrows: new Set(),
    bars: new Set(),
    inside: null,
    tints: new Map(),
    chosen: () => runs.filter((run) => !state.hidden.has(run.index)),
    shown: () => state.chosen().filter((run) => run.last >= 0),
    // What is pinned is seen where it differs from what is on screen.
    pinned: () => pins.filter((run) => run.last >= 0 && !state.hidden.has(run.index) && difference(meta, run)),
    handle: (f) => [f.px(state.start[0]), f.py(meta.coords.length > 1 ? state.start[1] : runs[0].up[0])],
  };

  const places = new Places({ root, $, meta, state });
  const { say, note, tellSoon, ...speech } = voice({ root, $, meta, state });

  // Runs in.
  const data = unpack(model.get("data"));
  function choose() {
    runs = meta.series.map((series, i) => series.compute?.(state.at, state.start) ?? select(meta, data, i, state.at));
    const other = model.moved?.(state.at); // the playground's landscape, where a slider is the surface's
    if (other) {
      land = shapes(other);
      views.clear();
    }
    locate();
  }
  function locate() {
    places.curves([...runs, ...pins]);
    places.paths([...runs, ...pins]);
    words = -1;
    draw();
  }
  // What is drawn, or the room for it, changed.
  function refresh() {
    $(".copy").disabled = !source();
    places.measure(colors);
    locate();
  }

  // Picture out. Texts come first: to set a canvas's font has the page laid out.
  function draw() {
    if (words !== Math.floor(state.step)) write((words = Math.floor(state.step)));
    if (!places.ready) return;
    if (places.follows()) places.paths([...runs, ...pins]);
    const { map, groups } = places;
    layGround(mapGround, map, (g) => drawGround(g, map, land, meta, colors));
    layGround(lossGround, places.loss, (g) => drawLossAxes(g, places.loss, meta, colors));
    drawMap();
    drawLoss(places.canvas(lossCanvas), places.loss, meta, state, colors);
    if (groups.length) drawBars(places.canvas(barsCanvas), places.sizes.get(barsCanvas)[0], groups, state, colors);
    model.drawn?.({ $, meta, state, colors }); // the playground, which shows the same in 3-D
  }

  // What stays is drawn when its view changes; `paint`, after a change of size or theme, has it drawn anyway.
  function layGround(canvas, f, act) {
    const view = [f.xs, f.ys, devicePixelRatio, places.enlarged].join();
    if (view !== views.get(canvas)) act(places.canvas(canvas));
    views.set(canvas, view);
  }
  function drawMap() {
    if (places.ready) drawPaths(places.canvas(mapCanvas), places.map, meta, state, colors);
  }

  // Words and numbers for the step on screen.
  function write(k) {
    // A screen reader says each value of the slider that has the focus: while playing there are few.
    const scrub = $(".scrub input");
    if (!state.playing || document.activeElement !== scrub || performance.now() > written + SELDOM) {
      written = performance.now();
      scrub.value = k;
      scrub.setAttribute("aria-valuetext", progress(meta, k));
    }
    $(".scrub .value").textContent = `${meta.steps[k]} / ${meta.steps[last]}`;
    [...runs, ...pins].forEach((run, i) => fillRow(rows[i] ?? pinRows[i - rows.length], meta, run, k));
    within.fill(k);
    const kept = state.pinned();
    pinRows.forEach((made, i) => {
      made.hidden = !kept.includes(pins[i]);
      made.querySelector("span").textContent = title(meta, pins[i]);
    });
    if (!state.playing) speech.label();
  }

  // Playing.
  const time = clock({
    last,
    speed: () => Number($(".speed select").value),
    show(step) {
      state.step = step;
      draw();
    },
    end() {
      if (!state.loop) pause(true);
      return state.loop;
    },
    calm,
  });
  function button() {
    $(".play").innerHTML = `${icon(state.playing ? "pause" : "play")}<span>${state.playing ? "Pause" : "Play"}</span>`;
  }
  function go(step) {
    state.step = Math.max(0, Math.min(last, step));
    words = -1;
    draw();
  }
  function pause(finished = false) {
    state.playing = false;
    time.stop();
    button();
    go(finished ? last : Math.floor(state.step));
    if (finished) speech.tell();
  }
  function play() {
    if (!last) return pause(true);
    if (state.step >= last) state.step = 0;
    state.playing = true;
    if (calm()) note("Playing in whole steps, for your system asks for less motion.");
    else say("Playing.");
    button();
    draw();
    time.play(state.step);
  }
  const toggle = () => (state.playing ? (pause(), tellSoon()) : play());
  const halt = (step) => {
    if (state.playing) pause();
    go(step);
    tellSoon("");
  };

  // The start, and what is said of it until it has been moved.
  function hint(moved = false) {
    const recorded = meta.series.filter(({ rule }) => !rule);
    const why = [...new Set(recorded.map((series) => series.recorded))].join("; ");
    const text = [
      ...(state.live && !moved
        ? ["Drag the ring, or tap the map: the runs start there. By keyboard: Tab to it, then the arrow keys."]
        : []),
      ...(recorded.length
        ? [
            `${recorded.length < meta.series.length ? recorded.map(({ name }) => name).join(", ") : "It"} plays as recorded: ${why}.`,
          ]
        : []),
    ].join(" ");
    $(".hint").textContent = text;
    $(".hint").hidden = !text;
  }
  const start = starter({
    meta,
    state,
    changed() {
      hint(true);
      speech.place();
      if (!state.playing && Math.floor(state.step) === 0) state.step = last;
      choose();
      tellSoon();
    },
  });

  // Inside a step. At the last one there is none to look into: the view opens at the first.
  const within = insideView({
    $,
    state,
    tell: say,
    draw() {
      words = -1;
      draw();
    },
    step(n) {
      if (state.playing) pause();
      const k = Math.floor(state.step) + n;
      if (k < 0 || (n && k >= last)) return false;
      go(k >= last ? 0 : k);
      return true;
    },
  });

  // Elsewhere at once, by a preset or a link.
  function leap(place) {
    if (state.playing) pause();
    take(meta, state, place);
    if (place.view && [...$(".view select").options].some(({ value }) => value === place.view))
      $(".view select").value = place.view;
    sliders.forEach((label, i) => fillSlider(label, meta.axes[i], state.at[i]));
    speech.place();
    choose();
    refresh();
    tellSoon();
  }
  const placed = () => placeOf(meta, state, $(".view select").value);

  // Comparing: what is pinned stays while the sliders and the start move on.
  function pin() {
    pinRows.forEach((made) => made.remove());
    const was = { at: [...state.at], start: state.start };
    pins = pins.length ? [] : state.chosen().map((run) => ({ ...run, was, now: state }));
    pinRows = pins.map((run) => row(run.series, title(meta, run), true));
    $("tbody").append(...pinRows);
    $(".pin").setAttribute("aria-pressed", String(pins.length > 0));
    paint();
    const what = [meta.axes.length && "a slider", state.live && "the start"].filter(Boolean).join(" or ");
    note(pins.length ? `Kept. Move ${what}: what differs from now stays in the picture, thinner.` : "");
  }

  // Saving and copying.
  function source() {
    return code(
      meta,
      state.at,
      state.start,
      meta.series.filter((_, i) => !state.hidden.has(i)),
    );
  }
  function picture() {
    const heading = [meta.title, ...situation(meta, state.at), where(meta, Math.floor(state.step))];
    return compose({ root, places, meta, state, land, colors, heading });
  }
  async function save(kind) {
    const name = `${meta.title}-player.${kind}`.replace(/[^\w.=-]+/g, "_");
    download(kind === "svg" ? new Blob([svg(picture())], { type: "image/svg+xml" }) : await png(picture()), name, root);
    note(`Saved ${name}`);
  }
  async function share() {
    const text = source();
    const runs = meta.series.length - state.hidden.size;
    note((await copy(text, root)) ? `Copied the Python of ${runs > 1 ? `these ${runs} runs` : "this run"}.` : text);
  }

  // Wiring. Keys stay in the player: a notebook's command mode would take the arrows. JupyterLab looks at a key on
  // its way up; Notebook 7 on its way down, but not for an element with this mark.
  const on = (selector, event, act) =>
    (typeof selector === "string" ? $(selector) : selector).addEventListener(event, act);
  on(root, "keydown", (event) => {
    const theirs = event.ctrlKey || event.metaKey || event.key === "Escape";
    event.target.toggleAttribute("data-lm-suppress-shortcuts", !theirs);
    if (!theirs) event.stopPropagation();
    if (event.key === " " && event.target.matches("input[type=range], .start")) {
      event.preventDefault();
      toggle();
    }
  });
  for (const event of ["keyup", "focusin"])
    on(root, event, ({ target, ctrlKey, metaKey }) =>
      target.toggleAttribute("data-lm-suppress-shortcuts", !ctrlKey && !metaKey),
    );
  on(".play", "click", toggle);
  const by = (n) => () => {
    halt(Math.floor(state.step) + n);
    tellSoon();
  };
  on(".back", "click", by(-1));
  on(".forward", "click", by(1));
  on(".scrub input", "input", (event) => halt(Number(event.target.value)));
  on(".loop", "click", () => $(".loop").setAttribute("aria-pressed", String((state.loop = !state.loop))));
  sliders.forEach((label, i) => {
    // An arrow goes to the sweep's next value; with Shift a twentieth of the way.
    on(label.querySelector("input"), "keydown", (event) => {
      const turn = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key];
      if (!turn || event.shiftKey || !meta.axes[i].between) return;
      event.preventDefault();
      const place = Number(event.target.value);
      event.target.value = turn > 0 ? Math.floor(place + 1 + 1e-9) : Math.ceil(place - 1 - 1e-9);
      event.target.dispatchEvent(new Event("input"));
    });
    on(label.querySelector("input"), "input", (event) => {
      state.at[i] = valueAt(meta.axes[i], Number(event.target.value));
      fillSlider(label, meta.axes[i], state.at[i]);
      choose();
      tellSoon("");
    });
  });
  legend({ rows, state, draw, changed: refresh });
  on(".view select", "change", () => refresh());
  for (const [place, set] of [
    [".arrows", state.arrows],
    [".quantities", state.bars],
  ]) {
    on(place, "change", ({ target }) => {
      set[target.checked ? "add" : "delete"](target.value);
      refresh();
      if (target.checked) speech.tellInner(target.value);
    });
  }
  on(".pin", "click", pin);
  on(".copy", "click", share);
  presetButtons({ $, meta, go: leap });
  putLink({ root, $, model, placed, say });
  on(".svg", "click", () => save("svg"));
  on(".png", "click", () => save("png"));
  on(".full", "click", () => {
    if (document.fullscreenElement === root) return document.exitFullscreen();
    root.requestFullscreen?.().then(
      () => $(".scrub input").focus(),
      () => note("Full screen is not allowed here."),
    );
  });
  function hover(k) {
    if (k === state.hover) return;
    state.hover = k;
    draw();
  }
  const stepAt = (x) => Math.max(0, Math.min(last, Math.round(((x - places.loss.left) / places.loss.width) * last)));
  pointing(mapCanvas, {
    may: () => state.live,
    act: (x, y) => start.drag(places.map, x, y),
    hover(x, y) {
      const [best] = state
        .shown()
        .map((run) => nearest(run.path, x, y, state.step))
        .sort((a, b) => a.away - b.away);
      hover(best && best.away < 24 * colors.em ? best.k : null);
    },
    leave: () => hover(null),
  });
  pointing(lossCanvas, { act: (x) => halt(stepAt(x)), hover: (x) => hover(stepAt(x)), leave: () => hover(null) });
  on(".start", "keydown", (event) => {
    if (state.live && start.nudge(places.map, event.key, event.shiftKey)) event.preventDefault();
  });

  function paint() {
    const large = document.fullscreenElement === root;
    root.classList.toggle("large", large);
    $(".full").setAttribute("aria-pressed", String(large));
    colors = palette(root);
    views.clear();
    [...rows, ...pinRows].forEach((made, i) =>
      tint(made, colors.of((meta.series[i] ?? pins[i - rows.length].series).color)),
    );
    refresh();
  }
  $(".pin").hidden = !meta.axes.length && !state.live;
  $(".start").hidden = !state.live;
  $(".map").classList.toggle("live", state.live);
  $(".full").hidden = !document.fullscreenEnabled;
  button();
  hint();
  sliders.forEach((label, i) => fillSlider(label, meta.axes[i], state.at[i]));
  speech.place();
  choose();
  paint();
  const link = openLink({ root, meta, model, state, leap, say });
  model.attach?.({ leap, placed, open: link.open }); // the playground, which builds players
  const unwatch = watch({
    root,
    paint,
    see: time.see,
    parts: [root, $(".loss")],
  });
  const unprint = paper({ root, paint, picture: () => (places.ready ? svg(picture()) : "") });
  return () => {
    time.stop();
    speech.stop();
    unwatch();
    unprint();
    link.close();
    root.remove();
  };
}

export default { render };
