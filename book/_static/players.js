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

// The players' JavaScript is a file beside this one, which the state names in place of its text: a page may forbid all
// other. Players share it and a style; each is loaded once.
const here = document.currentScript.src;
const modules = new Map();
function load({ _esm, _css }) {
  if (!modules.has(_esm)) {
    const script = document.createElement("script");
    script.src = new URL(_esm, here);
    modules.set(_esm, new Promise((done, fail) => Object.assign(script, { onload: done, onerror: () => fail(Error(`${script.src} is missing`)) })));
    document.head.append(script);
  }
  if (_css && !modules.has(_css)) {
    document.head.appendChild(document.createElement("style")).textContent = _css;
    modules.set(_css, true);
  }
  return modules.get(_esm);
}

const saved = {};
for (const script of document.querySelectorAll(STATE)) Object.assign(saved, JSON.parse(script.textContent).state);

async function wake(script, number) {
  const { model_id: id } = JSON.parse(script.textContent);
  if (!saved[id]) throw Error(`no saved state for the widget ${id}`);
  let el = script.nextElementSibling;
  if (!el?.matches(".player")) { // the site has its place ready, a deck has not
    el = document.createElement("div");
    el.className = "player";
    script.after(el);
  }
  await load(saved[id].state);
  const model = standIn(saved[id]);
  model.set("which", number + 1); // of the page's players, for links
  window.downhillPlayers[saved[id].state._esm].render({ model, el });
}

document.querySelectorAll(VIEW).forEach(wake);

// On paper there is nothing to press, and nobody is told to.
for (const p of document.querySelectorAll("p")) {
  const told = p.innerHTML.replace(/Press (<strong>)?Play\b[^.]*\./, '<span class="at-screen">$&</span>');
  if (told !== p.innerHTML) p.innerHTML = told;
}
})();
