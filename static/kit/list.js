/* Lists: selection, keyboard, dialogs of bulk actions, columns. Listeners are delegated, so that rows swapped in work at once. */

const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];
const boxes = () => all("[data-rows] [name='ids']");
const rows = () => all("[data-rows] tbody tr");

/* Not imported from kit.js: under another address than the page's own, that module would run a second time. */
function say(text) {
  const live = one("#live");
  if (live && text && live.textContent !== text) live.textContent = text;
}

/* ----- selection ----- */
function count() {
  const batch = one("#list-batch");
  if (!batch) return;
  const chosen = boxes().filter((box) => box.checked).length;
  const every = one("[name='all']", batch);
  batch.classList.toggle("on", chosen > 0);
  one(".every", batch)?.classList.toggle("offered", chosen > 0 && chosen === boxes().length);
  if (every && chosen < boxes().length) every.checked = false;
  for (const row of rows()) row.classList.toggle("on", one("[name='ids']", row)?.checked ?? false);
  const page = one("[data-page]");
  if (page) {
    page.checked = chosen > 0 && chosen === boxes().length;
    page.indeterminate = chosen > 0 && !page.checked;
  }
  const text = every?.checked ? batch.dataset.every : batch.dataset.some.replace("%n", chosen);
  one("[data-count]", batch).textContent = text;
  return text;
}

function select(wanted) {
  for (const box of boxes()) box.checked = wanted;
  say(count());
}

/* Shift selects everything between two boxes. */
let last = null;
function between(box) {
  const found = boxes();
  const [from, to] = [found.indexOf(last), found.indexOf(box)].sort((a, b) => a - b);
  if (from >= 0) for (const each of found.slice(from, to + 1)) each.checked = box.checked;
}

document.addEventListener("click", (event) => {
  const target = event.target;
  if (target.matches?.("[name='ids']")) {
    if (event.shiftKey && last) between(target);
    last = target;
  }
  if (target.closest?.("[data-none]")) select(false);
  const move = target.closest?.("[data-move]");
  if (move) shift(event, move);
  const sort = target.closest?.("[data-sort]");
  if (sort) remember(sort.dataset.sort);
});
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-page]")) select(event.target.checked);
  else if (event.target.matches("[name='ids'], #list-batch [name='all']")) say(count());
});

/* ----- keyboard: one row at a time is a stop of the Tab key ----- */
function goTo(row) {
  for (const each of rows()) each.tabIndex = each === row ? 0 : -1;
  row?.focus();
}

const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

document.addEventListener("keydown", (event) => {
  const row = event.target.closest?.("[data-rows] tbody tr");
  if (!row) return;
  const own = event.target === row;
  const box = one("[name='ids']", row);
  if (event.key in STEPS && (own || box === event.target)) {
    const found = rows();
    goTo(found[Math.min(Math.max(found.indexOf(row) + STEPS[event.key], 0), found.length - 1)]);
  } else if (own && event.key === "Enter") one("th a", row)?.click();
  else if (own && event.key === " " && box) box.click();
  else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "a" && box) select(true);
  else if (event.key === "Escape" && boxes().some((each) => each.checked)) select(false);
  else return;
  event.preventDefault();
});

/* ----- columns: moved in the sheet, kept when it is saved ----- */
function shift(event, button) {
  event.preventDefault();
  const item = button.closest("li");
  const other = button.dataset.move === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other || !one("[data-move]", other)) return;
  if (button.dataset.move === "up") other.before(item);
  else other.after(item);
  button.focus();
  say(`${item.textContent.trim()}: ${[...item.parentElement.children].indexOf(item) + 1}`);
}

/* The order that somebody presses stays with the person; the address says it anyway. */
function remember(sort) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  const body = new URLSearchParams({ do: "sort", sort });
  fetch(location.pathname, { method: "POST", headers, body, keepalive: true }).catch(() => undefined);
}

/* ----- parts that arrive ----- */
/* The message whose undo was pressed has said its part; htmx needs it until the reply is there. */
for (const [name, gone] of [["beforeRequest", false], ["afterRequest", true]]) {
  document.addEventListener(`htmx:${name}`, (event) => {
    const toast = event.target.closest?.(".toast[data-told]");
    if (toast) gone ? toast.remove() : (toast.hidden = true);
  });
}
document.addEventListener("htmx:afterSwap", (event) => {
  const dialog = one("#list-dialog dialog[data-show]:not([open])");
  if (event.detail.target.id === "list-dialog") dialog?.showModal();
  if (event.detail.target.id !== "list-body") return;
  start();
  keep("q", one("[role='search'] [name='q']")?.value);
  const told = all("#toasts [data-told]").at(-1);
  if (told) say(told.textContent.trim().replace(/\s+/g, " "));
});

/* What was typed since the page came belongs to the view that is saved and to the file that is exported. */
function keep(name, value) {
  for (const link of all("[data-export]")) {
    const url = new URL(link.href);
    if (value) url.searchParams.set(name, value);
    else url.searchParams.delete(name);
    link.href = url;
  }
  const query = one("#list-batch [name='query']");
  for (const input of all("[data-list] .sheet [name='query']")) if (query) input.value = query.value;
}

function start() {
  last = null;
  const [first] = rows();
  for (const row of rows()) row.tabIndex = row === first ? 0 : -1;
  count();
}
document.addEventListener("reset", () => setTimeout(start));
addEventListener("pageshow", start);
start();
