// The playground: a surface, up to four rules, a schedule, chosen; and the player, built anew for what is chosen.

import { contours, curve } from "./landscape.js";
import { descend } from "./descend.js";
import { machine } from "./interpreter.js";
import { render } from "./main.js";
import { drawable, FLAT, meaning, relief, TURN, WITHOUT } from "./relief.js";

const RULES_AT_MOST = 4;

// The Python that makes these runs: `runs` is the dict or the call that the player knows.
function program(choices, chosen, runs, shown) {
  const names = shown.map(({ name }) => name).sort();
  const lines = ["from lib.descend import descend", `from lib.optimizers import ${names.join(", ")}`];
  lines.push("from lib.player import Player");
  const used = chosen.schedule !== "constant" && shown.some(({ scheduled }) => scheduled);
  if (used) lines.push(`from lib.schedules import ${chosen.schedule}`);
  lines.push(`from lib.surfaces import ${chosen.surface}`);
  return `${lines.join("\n")}\n\nruns = ${runs}\nPlayer(runs)\n`;
}

// What the player is given for a choice: its meta, as lib/player/wire.py describes it.
export function metaOf(choices, chosen) {
  const surface = choices.surfaces[chosen.surface];
  const d = surface.coords.length;
  const schedule = choices.schedules[chosen.schedule];
  const axes = [...surface.axes];
  const series = chosen.rules.map((name) => {
    const rule = choices.rules[name];
    const mine = rule.axes.map((axis) => {
      const scheduled = axis.of === "lr" && schedule;
      const more = scheduled ? { factors: schedule.factors, symbol: `${chosen.schedule} ${axis.symbol}` } : {};
      axes.push({ ...axis, name: `${name}_${axis.of}`, ...more });
      const value = `{${name}_${axis.of}}`;
      return `${axis.of}=${scheduled ? schedule.code.replace("{peak}", value) : value}`;
    });
    const start = d > 1 ? "({0}, {1})" : "[{0}]";
    return {
      name,
      color: rule.color,
      dash: rule.dash,
      marker: rule.marker,
      rule: rule.documents[d],
      given: {},
      inner: [],
      scheduled: rule.axes.some(({ of }) => of === "lr"),
      axes: [...surface.axes.keys(), ...rule.axes.map((_, i) => axes.length - rule.axes.length + i)],
      code: `descend(${surface.code}, ${start}, ${name}(${mine.join(", ")}), steps=${choices.steps})`,
    };
  });
  const [[x0, x1], [y0, y1]] = surface.window;
  return {
    ...surface,
    steps: Array.from({ length: choices.steps + 1 }, (_, k) => k),
    view: { x: (x0 + x1) / 2, y: (y0 + y1) / 2, zoom: 1 },
    range: surface.log ? spanned(choices, chosen, series, axes) : surface.range,
    axes,
    at: axes.map(({ values, default: value }) => values.indexOf(value)),
    series,
    presets: [],
    python: (runs, shown) => program(choices, chosen, runs, shown),
  };
}

// Where the sliders open: a rule whose steps are as long as the gradient at the rate that the surface bears, the
// others at a part of the window's width; the rest at its default.
export function openingAt(choices, chosen) {
  const [slope, width] = choices.surfaces[chosen.surface].rates;
  const at = Object.fromEntries(choices.surfaces[chosen.surface].axes.map(({ name, default: value }) => [name, value]));
  for (const name of chosen.rules)
    for (const axis of choices.rules[name].axes) {
      const rate = choices.rules[name].slope ? slope : width;
      at[`${name}_${axis.of}`] = axis.of === "lr" ? Math.max(1e-5, Math.min(10, rate)) : axis.default;
    }
  if (chosen.surface !== choices.opening.surface) return at;
  for (const [name, value] of Object.entries(choices.opening.at)) if (name in at) at[name] = value;
  return at;
}

// A surface's document with the values of its own sliders.
export function surfaceAt(meta, at) {
  const held = new Map(meta.axes.flatMap(({ registers = [] }, i) => registers.map((place) => [place, at[i]])));
  const constants = meta.surface.constants.map(([place, value]) => [place, held.get(place) ?? value]);
  return { ...meta.surface, constants };
}

// What the axis of the loss spans: where the runs go as they open, at most sixteen decades down, two up.
function spanned(choices, chosen, series, axes) {
  const surface = choices.surfaces[chosen.surface];
  const at = openingAt(choices, chosen);
  const seen = series.flatMap(({ rule, axes: mine }) => {
    const given = Object.fromEntries(mine.filter((i) => axes[i].of).map((i) => [axes[i].of, at[axes[i].name]]));
    const run = descend(machine(rule), machine(surface.surface), { start: surface.start, given }, choices.steps);
    return [...run.loss].map((f) => f - surface.floor);
  });
  const start = seen[0] > 0 ? seen[0] : 1;
  const low = Math.min(...seen.filter((f) => f > 0), start / 10);
  return [Math.max(low, 1e-16 * start), Math.min(Math.max(...seen.filter(Number.isFinite), start), 100 * start)];
}

// The button "3-D", and what it shows in the place of the map. `address`: where Three.js is, which is loaded when the
// button is pressed for the first time; without one there is no button.
function putRelief(address) {
  const button = document.createElement("button");
  Object.assign(button, { type: "button", textContent: "3-D", title: "The surface in 3-D, to be turned" });
  const words = document.createElement("p");
  words.className = "hint";
  words.setAttribute("role", "status");
  let [on, view, now, host] = [false, null, null, null];
  const fit = () => {
    const flat = now?.meta.coords.length !== 2;
    button.disabled = flat;
    button.setAttribute("aria-pressed", String(on && !flat));
    if (view && on && !flat) host.querySelector(".map .start").before(view.root);
    else view?.root.remove();
    if (view && on) words.textContent = flat ? FLAT : `${meaning(now.meta)} ${TURN}`;
    if (view && on && !flat) view.show(now);
  };
  button.addEventListener("click", async () => {
    on = !on;
    words.textContent = "";
    if (on && !view) {
      try {
        if (!drawable()) throw Error(WITHOUT);
        const three = await library(address);
        view ??= relief(three);
      } catch (error) {
        on = false;
        words.textContent = error.message;
      }
    }
    fit();
  });
  return {
    put(place) {
      host = place;
      if (!address) return;
      host.querySelector(".controls").append(button);
      host.querySelector(".key").before(words);
      fit();
    },
    show(seen) {
      now = seen;
      if (view && on && view.root.isConnected) view.show(now);
    },
    end: () => view?.end(),
  };
}
let loaded = null;
function library(address) {
  loaded ??= new Promise((done, fail) => {
    const script = document.createElement("script");
    const missing = () => {
      loaded = null;
      fail(Error("What draws in 3-D could not be loaded. The map shows the same surface and paths."));
    };
    Object.assign(script, { src: address, onload: () => done(globalThis.THREE), onerror: missing });
    document.head.append(script);
  });
  return loaded;
}

const landOf = (choices, surface) => (surface.coords.length > 1 ? contours : curve)(surface, choices);

function playground({ model, el }) {
  const choices = model.get("choices");
  const which = model.get("which");
  const root = document.createElement("div");
  root.className = "downhill-playground";
  const form = document.createElement("form");
  form.setAttribute("aria-label", "What races");
  const host = document.createElement("div");
  root.append(form, host);
  el.append(root);
  const chosen = { ...choices.opening, rules: [...choices.opening.rules] };
  let leave = () => {};
  let player = null;
  const solid = putRelief(model.get("three"));

  const select = (name, values, none = []) => {
    const label = document.createElement("label");
    const made = document.createElement("select");
    made.setAttribute("aria-label", name); // else the label would be read with all that can be chosen
    made.append(...none.map((text) => new Option(text, "")), ...values.map((value) => new Option(value, value)));
    label.append(`${name} `, made);
    form.append(label);
    return made;
  };
  const surface = select("surface", Object.keys(choices.surfaces));
  const rules = Array.from({ length: RULES_AT_MOST }, (_, i) =>
    select(`method ${i + 1}`, Object.keys(choices.rules), i ? ["none"] : []),
  );
  const schedule = select("schedule of η", ["constant", ...Object.keys(choices.schedules)]);
  const note = document.createElement("p");
  note.textContent = `Methods that step matrices (${choices.left.join(", ")}), losses of data and schedules joined of others are not here.`;
  form.append(note);
  const fill = () => {
    surface.value = chosen.surface;
    schedule.value = chosen.schedule;
    rules.forEach((made, i) => {
      made.value = chosen.rules[i] ?? "";
      for (const option of made.options)
        option.disabled = option.value !== "" && chosen.rules.includes(option.value) && option.value !== made.value;
    });
  };

  // The player for what is chosen. `place`: where it opens; else where the page's address says.
  function show(place, settled = true) {
    leave();
    host.replaceChildren();
    const meta = metaOf(choices, chosen);
    const more = { surface: chosen.surface, rules: chosen.rules.join(), schedule: chosen.schedule };
    const own = (at) => at.filter((_, i) => meta.axes[i].registers).join();
    let [here, land, where] = [meta, landOf(choices, meta), own(meta.axes.map((axis) => axis.default))];
    const values = { meta, landscape: land, data: new Uint8Array(0), which, more, settled: true };
    leave = render({
      model: {
        get: (name) => values[name],
        attach: (handles) => (player = handles),
        moved(at) {
          if (own(at) === where) return null;
          where = own(at);
          here = { ...meta, surface: surfaceAt(meta, at) };
          return (land = landOf(choices, here));
        },
        drawn: (now) => solid.show({ ...now, meta: here, land }),
      },
      el: host,
    });
    solid.put(host);
    player.leap({ at: openingAt(choices, chosen), ...place });
    if (!settled) player.open();
    fill();
  }
  // What the address chooses; what is not known stays, and the player says so.
  function follow() {
    const said = new URLSearchParams(location.hash.slice(1));
    if (which && said.has("link") && said.get("player") === String(which)) {
      if (said.get("surface") in choices.surfaces) chosen.surface = said.get("surface");
      const names = [...new Set((said.get("rules") ?? "").split(","))];
      if (names.length <= RULES_AT_MOST && names.every((name) => name in choices.rules)) chosen.rules = names;
      const found = said.get("schedule");
      if (found === "constant" || found in choices.schedules) chosen.schedule = found;
    }
    show({}, false);
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("change", () => {
    const { at, start, view } = player.placed();
    const stays = surface.value === chosen.surface;
    chosen.surface = surface.value;
    chosen.rules = [...new Set(rules.map(({ value }) => value).filter(Boolean))];
    chosen.schedule = schedule.value;
    show(stays ? { at: { ...openingAt(choices, chosen), ...at }, start, view } : {});
  });
  follow();
  if (which) addEventListener("hashchange", follow);
  return () => {
    removeEventListener("hashchange", follow);
    leave();
    solid.end();
    root.remove();
  };
}

export default { render: playground };
