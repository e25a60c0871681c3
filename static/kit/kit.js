/* Behaviour of the shell and of the shared components. No dependency, no eval, no inline handlers; every listener is delegated,
   so that parts swapped in by htmx work at once. Texts come from data attributes, which the server translates. */

const root = document.documentElement;
const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

/* ----- theme: light, dark, system; the server reads the cookie and renders the attribute, so nothing flashes ----- */
const THEMES = ["light", "dark", "system"];
const YEAR_SECONDS = 31536000;
const REST_MS = 5000;

function themeNow() {
  return THEMES.includes(root.dataset.theme) ? root.dataset.theme : "system";
}

function labelTheme() {
  for (const button of all("[data-theme-button]")) {
    const text = button.dataset[themeNow()];
    button.setAttribute("aria-label", text);
    button.title = text;
  }
}

function nextTheme() {
  const theme = THEMES[(THEMES.indexOf(themeNow()) + 1) % THEMES.length];
  root.dataset.theme = theme;
  keepCookie("theme", theme);
  labelTheme();
  const url = one("[data-theme-button]").dataset.url;
  if (url) keepTheme(url, theme);
}

function keepCookie(name, value) {
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `${name}=${value}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
}

/* The cookie already holds it; the server keeps it with the person for other browsers, and may fail to without harm. */
function keepTheme(url, theme) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  fetch(url, { method: "POST", headers, body: new URLSearchParams({ theme }), keepalive: true }).catch(() => undefined);
}

/* ----- navigation: what somebody folded or unfolded stays so; the server reads this cookie too ----- */
function keepFold(fold) {
  const kept = new Set(/(?:^|; )nav=([^;]*)/.exec(document.cookie)?.[1].split("|").filter(Boolean));
  const key = encodeURIComponent(fold.dataset.fold);
  if (fold.open) kept.delete(key); // It is about to be shut.
  else kept.add(key);
  keepCookie("nav", [...kept].join("|"));
}

/* ----- spoken and shown messages ----- */
const HIDE_AFTER_MS = 6000;

export function say(text) {
  const live = one("#live");
  if (live && text && live.textContent !== text) live.textContent = text;
}

/* `action`: {label, url, values}, a form of one button such as undo. */
export function toast(tone, text, action) {
  const template = one("#toast-template");
  const list = one("#toasts");
  if (!template || !list || !text) return;
  const node = template.content.firstElementChild.cloneNode(true);
  node.classList.add(tone);
  if (tone === "bad") node.setAttribute("role", "alert");
  one("p", node).textContent = text;
  if (action) offer(one("form", node), action);
  list.append(node);
  settle(node);
}

function offer(form, { label, url, values }) {
  form.action = url;
  one("button", form).textContent = label;
  for (const [name, value] of Object.entries(values ?? {})) {
    form.append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
  }
  form.hidden = false;
}

/* Only good news goes away by itself, and not while somebody reads it. */
function settle(node) {
  if (!node.classList.contains("ok")) return;
  let timer = 0;
  const wait = one("form:not([hidden])", node) ? 2 * HIDE_AFTER_MS : HIDE_AFTER_MS;
  const start = () => { timer = setTimeout(() => node.remove(), wait); };
  const stop = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) node.addEventListener(name, stop);
  for (const name of ["mouseleave", "focusout"]) node.addEventListener(name, start);
  start();
}

/* ----- dialogs: <a role="button" data-dialog="id">, the browser keeps focus inside and gives it back ----- */
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (!dialog || dialog.matches(":modal")) return;
  dialog.open = false; // The server may have opened it for whoever has no scripts.
  for (const input of all("[data-word]", dialog)) checkWord(input);
  dialog.showModal();
}

function closeDialog(dialog) {
  dialog?.close();
  const here = new URL(location.href);
  if (!here.searchParams.has("confirm")) return;
  here.searchParams.delete("confirm");
  history.replaceState(history.state, "", here);
}

function checkWord(input) {
  const button = one("[data-needs-word]", input.form);
  if (button) button.disabled = input.value.trim() !== input.dataset.word;
}

/* ----- small parts ----- */
function toggleEye(button) {
  const input = one("input", button.parentElement);
  const shown = input.type === "text";
  input.type = shown ? "password" : "text";
  button.setAttribute("aria-pressed", String(!shown));
  input.focus();
}

function nameFile(input) {
  const box = input.closest(".filebox");
  const text = box && one("[data-file-name]", box);
  if (!text) return;
  text.dataset.empty ??= text.textContent;
  text.textContent = input.files.length ? [...input.files].map((file) => file.name).join(", ") : text.dataset.empty;
  box.classList.toggle("full", input.files.length > 0);
}

/* ----- drop-downs of boxes ----- */
function countChosen(multi) {
  const text = one("[data-chosen]", multi);
  const number = all(":checked", multi).length;
  text.textContent = number ? `${number} ${text.dataset.some}` : text.dataset.none;
}

/* ----- boxes in groups: one for all of a group ----- */
function showWhole(set) {
  const boxes = all("input:not([data-whole])", set);
  const number = boxes.filter((box) => box.checked).length;
  const whole = one("[data-whole]", set);
  whole.checked = number === boxes.length;
  whole.indeterminate = number > 0 && number < boxes.length;
}

function chooseIn(set, input) {
  if (input.dataset.whole !== undefined) for (const box of all("input", set)) box.checked = input.checked;
  showWhole(set);
}

function narrow(input) {
  const wanted = input.value.trim().toLocaleLowerCase();
  for (const option of all(".item", input.closest(".sheet"))) {
    option.hidden = !option.textContent.toLocaleLowerCase().includes(wanted);
  }
}

/* ----- unsaved changes: our own dialog for links, the browser's for its own buttons ----- */
const changed = new Set();
let destination = "";

function leave() {
  changed.clear();
  location.assign(destination);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("a[href]:not([role='button'], [target], [download])");
  if (!link || !changed.size || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  event.stopPropagation();
  destination = link.href;
  openDialog("leave");
}, true);
addEventListener("beforeunload", (event) => {
  if (changed.size) event.preventDefault();
});

/* ----- notifications: the sheet is fetched when it is opened, the number now and then ----- */
const COUNT_WAITS_MS = [60000, 120000, 300000, 600000];
/* Nobody asks on behalf of a person who has gone. */
const IDLE_MS = 300000;
let lastSign = Date.now();
for (const name of ["pointerdown", "keydown", "scroll"]) {
  addEventListener(name, () => { lastSign = Date.now(); }, { passive: true, capture: true });
}

function showUnread(bell, number) {
  bell.dataset.unread = number;
  const badge = one(".n", bell);
  badge.hidden = number === 0;
  badge.textContent = number > 99 ? "99+" : number;
  const { none, some } = bell.dataset;
  one("summary", bell).setAttribute("aria-label", number ? some.replace("%n", badge.textContent) : none);
}

function watchBell(bell) {
  let step = 0;
  const plan = () => setTimeout(ask, COUNT_WAITS_MS[step]);
  async function ask() {
    if (!document.hidden && Date.now() - lastSign < IDLE_MS) {
      try {
        const reply = await fetch(bell.dataset.url, { headers: { Accept: "application/json" }, redirect: "error" });
        const { unread } = await reply.json();
        step = String(unread) === bell.dataset.unread ? Math.min(step + 1, COUNT_WAITS_MS.length - 1) : 0;
        showUnread(bell, unread);
      } catch {
        step = COUNT_WAITS_MS.length - 1;
      }
    }
    plan();
  }
  plan();
}

/* What a drop-down shows is fetched when it is opened, each time anew. */
function fillWhenOpened(part) {
  const drop = part.closest("details");
  drop?.addEventListener("toggle", () => {
    if (drop.open) window.htmx.trigger(part, "open");
  });
}

/* A notice that is opened counts as read; the page it leads to does not wait for that. */
function markRead(link) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  fetch(link.dataset.read, { method: "POST", headers, keepalive: true, redirect: "manual" }).catch(() => undefined);
}

function closeDrops(except) {
  for (const drop of all("details.drop[open]")) if (drop !== except) drop.open = false;
}

/* Where the browser refuses the clipboard (plain HTTP), the text is selected for the person to copy. */
async function copy(button) {
  const source = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(source.textContent.trim());
    toast("ok", button.dataset.copied);
  } catch {
    getSelection().selectAllChildren(source);
  }
}

document.addEventListener("click", (event) => {
  const target = event.target;
  const hit = (selector) => target.closest?.(selector);
  closeDrops(hit("details.drop"));
  if (hit("[aria-disabled='true']")) return event.preventDefault();
  if (hit("[data-theme-button]")) return nextTheme();
  if (hit("[data-fold] > summary")) return keepFold(hit("[data-fold]"));
  if (hit("[data-dialog]")) {
    event.preventDefault();
    return openDialog(hit("[data-dialog]").dataset.dialog);
  }
  if (hit("[data-close]")) {
    event.preventDefault();
    return closeDialog(hit("dialog"));
  }
  if (hit("[data-leave]")) return leave();
  if (hit("[data-retry]")) return retry(hit("[data-part]"));
  if (hit("[data-read]")) markRead(hit("[data-read]"));
  if (hit("[data-dismiss]")) return hit(".toast")?.remove();
  if (hit("[data-copy]")) return copy(hit("[data-copy]"));
  if (hit("[data-print]")) return print();
  if (hit("[data-eye]")) return toggleEye(hit("[data-eye]"));
  if (target instanceof HTMLDialogElement) closeDialog(target);
});

document.addEventListener("input", (event) => {
  const input = event.target;
  if (input.dataset?.word !== undefined) checkWord(input);
  if (input.dataset?.narrow !== undefined) narrow(input);
  input.form?.matches("[data-guard]") && changed.add(input.form);
});

document.addEventListener("change", (event) => {
  if (event.target.type === "file") nameFile(event.target);
  const multi = event.target.closest?.(".multi");
  if (multi) countChosen(multi);
  const set = event.target.closest?.("[data-set]");
  if (set) chooseIn(set, event.target);
});

for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => event.target.closest?.(".filebox")?.classList.toggle("over", over));
}

document.addEventListener("keydown", (event) => {
  const button = event.key === " " && event.target.closest?.("a[role='button']");
  if (button) {
    event.preventDefault(); // A link that acts as a button answers to the space bar as one does.
    return button.click();
  }
  if (event.key !== "Escape") return;
  const drop = one("details.drop[open]");
  if (!drop) return;
  drop.open = false;
  one("summary", drop).focus();
});

/* ----- palette and single keys: their module is fetched with the first of them ----- */
const finder = one("[data-palette]");
const LETTER_MS = 1500;
let going = 0;

function summon(event, key) {
  event.preventDefault();
  import(finder.dataset.module).then((module) => module.handle(key), () => location.assign(finder.href));
}

/* Dead while somebody types, in dialogs, and where the person switched them off. */
function singleKey(event) {
  if (root.dataset.shortcuts === "off" || event.altKey || event.target.closest?.("input, textarea, select, [contenteditable]")) return;
  if (event.key.length > 1 || one(":modal")) return;
  if (Date.now() - going < LETTER_MS) {
    going = 0;
    return summon(event, `g ${event.key}`);
  }
  const box = event.key === "/" && one("main [role='search'] [name='q']");
  if (box) {
    event.preventDefault();
    return box.select();
  }
  if (event.key === "g") going = Date.now();
  else if ("/?".includes(event.key)) summon(event, event.key);
}

if (finder) {
  finder.addEventListener("click", (event) => {
    if (!event.ctrlKey && !event.metaKey) summon(event, "k");
  });
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (!event.ctrlKey && !event.metaKey) singleKey(event);
    else if (event.key.toLowerCase() === "k" && !event.shiftKey && !event.altKey && !one(":modal:not(#palette)")) summon(event, "k");
  });
}

/* A second press of the button must not send the form twice; the page may come back from the history with its form. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  changed.clear();
  form.dataset.sent = "1";
  for (const button of all("[type='submit']", form)) button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of all("form[data-sent]")) delete form.dataset.sent;
});

/* The side navigation is a popover on narrow screens; while it is open the rest of the page is out of reach. */
const side = one("#side");
const here = side && one("[aria-current]", side);
if (here && here.offsetTop + here.offsetHeight > side.clientHeight) side.scrollTop = here.offsetTop - side.clientHeight / 2;
side?.addEventListener("toggle", (event) => {
  const open = event.newState === "open";
  const stage = one(".stage");
  if (stage) stage.inert = open;
  if (open) (one("[aria-current]", side) ?? one("a", side))?.focus();
  else one(".burger")?.focus();
});
matchMedia("(min-width: 761px)").addEventListener("change", (query) => {
  if (query.matches && side?.matches(":popover-open")) side.hidePopover();
});

/* ----- htmx: say what changed, show what failed ----- */
/* A whole page instead of a part means that the session ended on the way: go where the server led. What was to come by
   itself and failed takes nobody away from the page that one reads. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr, target } = event.detail;
  if (!/^\s*<!doctype html/i.test(xhr.responseText)) return;
  if (xhr.status >= 400 && target.closest?.("[data-part], [data-poll]")) return;
  // A part that is taken out of a page of its own, which came.
  if (target.matches?.("[hx-select]") && new URL(xhr.responseURL).pathname === target.getAttribute("hx-get")) return;
  event.detail.shouldSwap = false;
  location.assign(xhr.responseURL);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const part = event.detail.target;
  say((part.matches?.("[data-announce]") ? part : one("[data-announce]", part))?.dataset.announce);
});
/* A part that was to come by itself says in its own place that it failed; what somebody asked for, in a toast. */
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    const part = event.target;
    if (part.closest?.("[data-poll]")) return;
    const template = one("#failed-template");
    if (part.matches?.("[data-part]") && template) part.replaceChildren(template.content.cloneNode(true));
    else toast("bad", one("#toasts")?.dataset.failed);
  });
}

function retry(part) {
  if (part) window.htmx.trigger(part, part.dataset.event ?? "load");
}

document.addEventListener("toast", (event) => toast(event.detail.tone, event.detail.text, event.detail.action));
document.addEventListener("unread", (event) => {
  for (const bell of all("[data-unread]")) showUnread(bell, Number(event.detail.value));
});

/* ----- at start ----- */
labelTheme();
for (const node of all(".toast")) settle(node);
for (const dialog of all("dialog[data-open]")) openDialog(dialog.id);
for (const bell of all("[data-unread]")) watchBell(bell);
for (const set of all("[data-set]")) showWhole(set);
for (const part of all("details.drop [data-event='open']")) fillWhenOpened(part);
focusFirst();
watchSession();

/* The end of the session is watched over when the page has come to rest, or at once when it is near. */
function watchSession() {
  const idle = one("#idle");
  if (!idle) return;
  const { seconds, warning, module } = idle.dataset;
  const wait = Math.min(REST_MS, Math.max(0, (seconds - warning - 1) * 1000));
  setTimeout(() => import(module).catch(() => undefined), wait);
}

/* The summary of a refused form, or the one field that it is about. */
function focusFirst() {
  const wanted = one("[data-focus]");
  if (!wanted) return;
  const links = all("a[href^='#']", wanted);
  const only = links.length === 1 ? document.getElementById(links[0].hash.slice(1)) : null;
  (only ?? wanted).focus();
}
