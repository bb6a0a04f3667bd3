// The search: MiniSearch over the text of every section, which search-data.js holds; nothing is fetched.

const results = document.getElementById("search-results");
const said = document.getElementById("search-said");
const query = new URLSearchParams(location.search).get("q")?.trim() ?? "";
const SHOWN = 40;
const AROUND = 90; // characters of an excerpt on each side of the first word found

// Words, numbers of equations ("8.3"), and the parts of a name ("lib.optimizers.adam", "rmsprop_momentum").
const tokenize = (text) => text.normalize("NFKC").match(/\d+\.\d+|[\p{L}\p{N}]+/gu) ?? [];

function find(words) {
  const search = new MiniSearch({ fields: ["page", "title", "text"], idField: "at", tokenize });
  search.addAll(downhillPages.map(([, page, id, title, text], at) => ({ at, page, title, text })));
  const how = { boost: { title: 4, page: 2 }, prefix: (term) => term.length > 2, fuzzy: (term) => (term.length > 5 ? 0.15 : 0) };
  const all = search.search(words, { ...how, combineWith: "AND" });
  return all.length ? all : search.search(words, how);
}

// The text around the first of the terms, with each of them marked.
function excerpt(text, terms) {
  const sought = new RegExp(`(?<![\\p{L}\\p{N}])(${terms.map((term) => RegExp.escape?.(term) ?? term.replace(/[.]/g, "\\.")).join("|")})`, "giu");
  const first = text.search(sought);
  const from = first > AROUND ? text.indexOf(" ", first - AROUND) + 1 : 0;
  const cut = text.slice(from, from + 2 * AROUND).replace(/\s\S*$/, "");
  const p = document.createElement("p");
  p.append(from ? "… " : "");
  cut.split(sought).forEach((part, k) => {
    if (k % 2) p.appendChild(document.createElement("mark")).textContent = part;
    else p.append(part);
  });
  p.append(from + cut.length < text.length ? " …" : "");
  return p;
}

if (query) {
  document.querySelector(".bar input").value = query;
  const found = find(query);
  said.textContent = found.length ? `${found.length} places have “${query}”.` : `Nothing has “${query}”.`;
  for (const { id, terms } of found.slice(0, SHOWN)) {
    const [file, page, anchor, title, text] = downhillPages[id];
    const item = results.appendChild(document.createElement("li"));
    const link = item.appendChild(document.createElement("a"));
    link.href = `${file}#${anchor}`;
    link.textContent = title;
    if (title !== page) item.appendChild(document.createElement("small")).textContent = ` in ${page}`;
    item.append(excerpt(text, terms));
  }
}
