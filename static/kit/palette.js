/* The palette: go somewhere, find something, do something, by keyboard alone; and the sheet of keys. Fetched by kit.js with the
   first key or press that asks for it; what stands in the palette comes from the server, once for a page. */

const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const finder = one("[data-palette]");
const LEAST = 2;
const WAIT_MS = 120;
const EARLY = /^[^\s]$/u;
let parts = null;
let timer = 0;
let asking = null;

/* Both dialogs, once. What is typed while they are on their way is not lost. */
async function fetched() {
  if (parts) return parts;
  let early = "";
  const keep = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !EARLY.test(event.key)) return;
    early += event.key;
    event.preventDefault();
  };
  addEventListener("keydown", keep, true);
  try {
    const reply = await fetch(finder.dataset.palette, { redirect: "error" });
    if (!reply.ok) throw new Error(reply.status);
    document.body.insertAdjacentHTML("beforeend", await reply.text());
  } finally {
    removeEventListener("keydown", keep, true);
  }
  const dialog = one("#palette");
  parts = { dialog, sheet: one("#shortcuts"), input: one("input", dialog), list: one("[role='listbox']", dialog), early };
  listen();
  return parts;
}

function listen() {
  const { dialog, input, list, sheet } = parts;
  input.addEventListener("input", typed);
  dialog.addEventListener("keydown", keys);
  list.addEventListener("click", chosen);
  list.addEventListener("pointermove", (event) => {
    const option = event.target.closest("[role='option']");
    if (option) mark(option, false);
  });
  one("form", dialog).addEventListener("submit", (event) => {
    const option = one("[aria-selected='true']", list);
    if (!option && input.value.trim()) return;
    event.preventDefault();
    option?.click();
  });
  dialog.addEventListener("close", () => asking?.abort());
  one("[data-shortcuts-sheet]", dialog).addEventListener("click", () => {
    dialog.close();
    sheet.showModal();
  });
}

const shown = () => all("[role='option']", parts.list).filter((option) => !option.closest("[hidden]"));

/* The field keeps the focus; which choice is meant is told by aria-activedescendant. */
function mark(option, scroll = true) {
  const { input, list } = parts;
  for (const other of all("[aria-selected]", list)) other.removeAttribute("aria-selected");
  if (!option) return input.removeAttribute("aria-activedescendant");
  option.id ||= `choice-${all("[role='option']", list).indexOf(option)}-${Date.now()}`;
  option.setAttribute("aria-selected", "true");
  input.setAttribute("aria-activedescendant", option.id);
  if (scroll) option.scrollIntoView({ block: "nearest" });
}

function keys(event) {
  const options = shown();
  const place = options.findIndex((option) => option.ariaSelected === "true");
  const steps = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: Math.min(place + 8, options.length - 1), PageUp: Math.max(place - 8, 0) };
  if (!(event.key in steps) || !options.length) return;
  event.preventDefault();
  mark(options.at(steps[event.key] % options.length));
}

/* A choice that is a control of the page is pressed; every other is the link that it is. */
function chosen(event) {
  const option = event.target.closest("[role='option']");
  if (!option || event.ctrlKey || event.metaKey) return;
  parts.dialog.close();
  if (!option.dataset.press) return;
  event.preventDefault();
  one(option.dataset.press)?.click();
}

function typed() {
  const { dialog, input } = parts;
  const text = input.value.trim();
  narrow(text);
  clearTimeout(timer);
  asking?.abort();
  if (text.length < LEAST) {
    one("[data-found]", dialog).replaceChildren();
    return told();
  }
  timer = setTimeout(() => ask(text), WAIT_MS);
}

/* Where to go and what to do is here already: each word begins one of the choice's. */
function narrow(text) {
  const { dialog, list } = parts;
  const wanted = folded(text).split(/\s+/).filter(Boolean);
  for (const option of all("[data-own] [role='option']", list)) {
    const words = folded(`${option.textContent} ${option.dataset.words}`).split(/[\s\-/]+/);
    option.hidden = !wanted.every((each) => words.some((word) => word.startsWith(each)));
  }
  for (const group of all("[data-own]", list)) group.hidden = !one("[role='option']:not([hidden])", group);
  for (const group of all("[data-empty-only]", list)) group.hidden = text !== "";
  const whole = one("[data-all]", list);
  whole.hidden = text.length < LEAST;
  whole.dataset.text ??= one("span", whole).textContent;
  one("span", whole).textContent = whole.dataset.text.replace("%t", () => text);
  const url = new URL(one("form", dialog).action);
  url.search = new URLSearchParams({ q: text, all: 1 });
  whole.href = url;
  mark(shown()[0]);
}

const folded = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");

async function ask(text) {
  const { dialog } = parts;
  const found = one("[data-found]", dialog);
  asking = new AbortController();
  try {
    const url = `${dialog.dataset.suggest}?${new URLSearchParams({ q: text })}`;
    const reply = await fetch(url, { redirect: "error", signal: asking.signal });
    if (!reply.ok) throw new Error(reply.status);
    found.innerHTML = await reply.text();
    told();
  } catch (error) {
    if (error.name === "AbortError") return;
    found.replaceChildren();
    told(dialog.dataset.failed);
  }
  // What was meant before the answer came is still meant.
  const meant = one("[aria-selected='true']", parts.list);
  if (!meant || meant.dataset.all !== undefined) mark(shown()[0]);
}

/* What there is to choose from, for who does not see it, and when there is nothing. */
function told(failed = "") {
  const { dialog } = parts;
  const number = shown().filter((option) => option.dataset.all === undefined).length;
  const nothing = one("[data-nothing]", dialog);
  nothing.textContent = failed || dialog.dataset.none;
  nothing.hidden = !failed && number > 0;
  one("[data-said]", dialog).textContent = nothing.hidden ? dialog.dataset.some.replace("%n", number) : nothing.textContent;
}

async function open() {
  const { dialog, input, early } = await fetched();
  if (dialog.open) return dialog.close();
  input.value = early;
  parts.early = "";
  one("[data-found]", dialog).replaceChildren();
  dialog.showModal();
  typed();
}

/* A key or press that kit.js passes on, in the order in which they came. */
export async function handle(key) {
  try {
    if (key === "?") return (await fetched()).sheet.showModal();
    if (key === "k" || key === "/") return await open();
    const { list } = await fetched();
    one(`[data-keys="${CSS.escape(key.toLowerCase().replace("g ", ""))}"]`, list)?.click();
  } catch {
    location.assign(finder.href);
  }
}
