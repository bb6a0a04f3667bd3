// Saved players come alive without a kernel. A page holds the saved state of its widgets and, for each player,
// a script that names one; both as nbconvert and MyST-NB write them. A small stand-in takes the place of
// the model: it hands out the saved state and keeps what the page changes. Nobody answers a message.
// No module itself, so that it runs from file:// too.

(() => {
const STATE = 'script[type="application/vnd.jupyter.widget-state+json"]';
const VIEW = 'script[type="application/vnd.jupyter.widget-view+json"]';

function standIn({ state, buffers = [] }) {
  const values = { ...state };
  for (const { path, data } of buffers) values[path[0]] = new DataView(Uint8Array.from(atob(data), (c) => c.charCodeAt(0)).buffer);
  const heard = new Map();
  const hears = (name) => heard.get(name) ?? heard.set(name, new Set()).get(name);
  return {
    isStatic: true,
    get: (name) => values[name],
    set(name, value) {
      values[name] = value;
      for (const act of hears(`change:${name}`)) act();
    },
    save_changes() {},
    send() {},
    on: (name, act) => hears(name).add(act),
    off: (name, act) => (act ? hears(name).delete(act) : heard.delete(name)),
  };
}

// Players share a module and a style; each text is loaded once.
const modules = new Map();
function load({ _esm, _css }) {
  if (!modules.has(_esm)) modules.set(_esm, import(URL.createObjectURL(new Blob([_esm], { type: "text/javascript" }))));
  if (_css && !modules.has(_css)) {
    document.head.appendChild(document.createElement("style")).textContent = _css;
    modules.set(_css, true);
  }
  return modules.get(_esm);
}

const saved = {};
for (const script of document.querySelectorAll(STATE)) Object.assign(saved, JSON.parse(script.textContent).state);

async function wake(script) {
  const { model_id: id } = JSON.parse(script.textContent);
  if (!saved[id]) throw Error(`no saved state for the widget ${id}`);
  const el = document.createElement("div");
  el.className = "player";
  script.after(el);
  const module = await load(saved[id].state);
  const widget = typeof module.default === "function" ? await module.default() : module.default;
  const model = standIn(saved[id]);
  await widget.initialize?.({ model });
  await widget.render({ model, el });
}

for (const script of document.querySelectorAll(VIEW)) wake(script);
})();
