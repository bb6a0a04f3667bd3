// Where a player stands: its sliders, its start, its step, its view. Presets lead there, links carry it.

import { position, valueAt } from "./wire.js";

// Where it stands now: { at: { lr: 0.1 }, start, step, view }.
export function placeOf(meta, state, view) {
  const at = Object.fromEntries(meta.axes.map(({ name }, i) => [name, state.at[i]]));
  const step = meta.steps[Math.floor(state.step)];
  return { at, ...(state.live ? { start: [...state.start] } : {}), step, view };
}

// Put into `state` what a place says; what it leaves out stays. A slider that knows only recorded values takes the nearest.
export function take(meta, state, { at = {}, start, step }) {
  meta.axes.forEach((axis, i) => {
    if (!(axis.name in at)) return;
    const value = at[axis.name];
    state.at[i] = axis.between ? value : valueAt(axis, Math.round(position(axis, value)));
  });
  if (start && state.live) state.start = [...start];
  if (step !== undefined) state.step = meta.steps.findLastIndex((k) => k <= step);
}

// A button for each preset, under the map.
export function presetButtons({ $, meta, go }) {
  const made = (meta.presets ?? []).map((preset) => {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: preset.name });
    button.addEventListener("click", () => go(preset));
    return button;
  });
  if (!made.length) return;
  const group = document.createElement("div");
  group.className = "presets buttons";
  group.setAttribute("role", "group");
  group.setAttribute("aria-label", "Presets");
  group.append(...made);
  $(".key").before(group);
}
