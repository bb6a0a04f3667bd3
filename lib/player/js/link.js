// Links: the address of a page that opens a player where it stands. What a link says follows "#", so that nothing is
// sent: #link=1&player=2&lr=0.1&start=-1.5,2&step=40&view=whole. Which player of the page it is, its model knows.

import { copy } from "./save.js";

const LINKS = "1";
const RESERVED = ["link", "player", "start", "step", "view"];

// The part of an address after "#"; `more` is what a page itself wants to find there.
export function fragment(which, { at, start, step, view }, more = {}) {
  const said = {
    link: LINKS,
    player: which,
    ...more,
    ...at,
    ...(start ? { start: start.join(",") } : {}),
    step,
    view,
  };
  return new URLSearchParams(said).toString().replaceAll("%2C", ",");
}

// What an address says of this player: null where it is not meant, { place } or { wrong: "why" }.
export function readLink(text, which, meta, state, views, more = {}) {
  const said = new URLSearchParams(text.replace(/^#/, ""));
  if (!said.has("link") || said.get("player") !== String(which)) return null;
  if (said.get("link") !== LINKS) return { wrong: "it was made by another version of this page" };
  const place = { at: {} };
  for (const [name, value] of said) {
    const axis = meta.axes.find((one) => one.name === name);
    if (axis) {
      const number = Number(value);
      const [low, high] = [Math.min(...axis.values), Math.max(...axis.values)];
      if (!value.trim() || !(number >= low && number <= high))
        return { wrong: `${name} is ${value}, its slider goes from ${low} to ${high}` };
      place.at[name] = number;
    } else if (name in more ? more[name] !== value : !RESERVED.includes(name))
      return { wrong: `this player has no ${name}${name in more ? ` ${value}` : ""}` };
  }
  if (said.has("start")) {
    place.start = said
      .get("start")
      .split(",")
      .map((v) => (v.trim() ? Number(v) : NaN));
    const inside = place.start.every((v, i) => v >= meta.window[i]?.[0] && v <= meta.window[i]?.[1]);
    if (!state.live || place.start.length !== meta.coords.length || !inside)
      return { wrong: `it cannot start at ${said.get("start")}` };
  }
  if (said.has("step")) {
    place.step = said.get("step").trim() ? Number(said.get("step")) : NaN;
    if (!Number.isInteger(place.step) || place.step < 0 || place.step > meta.steps.at(-1))
      return { wrong: `there is no step ${said.get("step")}` };
  }
  if (said.has("view")) {
    place.view = said.get("view");
    if (!views.includes(place.view)) return { wrong: `the map has no view ${place.view}` };
  }
  return { place };
}

// The button; without an address of its own, as in JupyterLab, a player does not show it.
export function putLink({ root, $, model, placed, say }) {
  const which = model.get("which");
  $(".link").hidden = !which;
  $(".link").addEventListener("click", async () => {
    const address = new URL(location.href);
    address.hash = fragment(which, placed(), model.get("more") ?? {});
    say((await copy(address.href, root)) ? "Copied the link." : address.href);
  });
}

// Go where the page's address says, now and whenever it changes. What is wrong with it is said, and nothing moves.
export function openLink({ root, meta, model, state, leap, say }) {
  const which = model.get("which");
  const open = () => {
    const views = [...root.querySelectorAll(".view option")].map(({ value }) => value);
    const read = readLink(location.hash, which, meta, state, views, model.get("more") ?? {});
    if (!read) return;
    root.scrollIntoView({ block: "nearest" });
    if (read.place) leap(read.place);
    else say(`The link could not be followed: ${read.wrong}. The player is as it was.`);
  };
  if (which && !model.get("settled")) {
    open();
    addEventListener("hashchange", open);
  }
  return { open, close: () => removeEventListener("hashchange", open) };
}
