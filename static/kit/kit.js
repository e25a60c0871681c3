/* Behaviour of the shell and of the shared components. No dependency, no eval, no inline handlers; every listener is delegated,
   so that parts swapped in by htmx work at once. Texts come from data attributes, which the server translates. */

const root = document.documentElement;
const one = (selector, from = document) => from.querySelector(selector);
const all = (selector, from = document) => [...from.querySelectorAll(selector)];

/* ----- theme: light, dark, system; the server reads the cookie and renders the attribute, so nothing flashes ----- */
const THEMES = ["light", "dark", "system"];
const YEAR_SECONDS = 31536000;

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
  const secure = location.protocol === "https:" ? "; Secure" : "";
  root.dataset.theme = theme;
  document.cookie = `theme=${theme}; Path=/; Max-Age=${YEAR_SECONDS}; SameSite=Lax${secure}`;
  labelTheme();
  const url = one("[data-theme-button]").dataset.url;
  if (url) keepTheme(url, theme);
}

/* The cookie already holds it; the server keeps it with the person for other browsers, and may fail to without harm. */
function keepTheme(url, theme) {
  const headers = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}");
  fetch(url, { method: "POST", headers, body: new URLSearchParams({ theme }), keepalive: true }).catch(() => undefined);
}

/* ----- spoken and shown messages ----- */
const HIDE_AFTER_MS = 6000;

export function say(text) {
  const live = one("#live");
  if (live && text && live.textContent !== text) live.textContent = text;
}

function toast(tone, text) {
  const template = one("#toast-template");
  const list = one("#toasts");
  if (!template || !list || !text) return;
  const node = template.content.firstElementChild.cloneNode(true);
  node.classList.add(tone);
  one("p", node).textContent = text;
  list.append(node);
  settle(node);
}

/* Only good news goes away by itself, and not while somebody reads it. */
function settle(node) {
  if (!node.classList.contains("ok")) return;
  let timer = 0;
  const start = () => { timer = setTimeout(() => node.remove(), HIDE_AFTER_MS); };
  const stop = () => clearTimeout(timer);
  for (const name of ["mouseenter", "focusin"]) node.addEventListener(name, stop);
  for (const name of ["mouseleave", "focusout"]) node.addEventListener(name, start);
  start();
}

/* ----- dialogs: <button data-dialog="id">, the browser keeps focus inside and gives it back ----- */
function openDialog(id) {
  const dialog = document.getElementById(id);
  if (dialog && !dialog.open) dialog.showModal();
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
  if (hit("[data-dialog]")) return openDialog(hit("[data-dialog]").dataset.dialog);
  if (hit("[data-close]")) return hit("dialog")?.close();
  if (hit("[data-dismiss]")) return hit(".toast")?.remove();
  if (hit("[data-copy]")) return copy(hit("[data-copy]"));
  if (hit("[data-eye]")) return toggleEye(hit("[data-eye]"));
  if (target instanceof HTMLDialogElement) target.close();
});

document.addEventListener("input", (event) => {
  if (event.target.dataset?.word !== undefined) checkWord(event.target);
});

document.addEventListener("change", (event) => {
  if (event.target.type === "file") nameFile(event.target);
});

for (const [name, over] of [["dragover", true], ["dragleave", false], ["drop", false]]) {
  document.addEventListener(name, (event) => event.target.closest?.(".filebox")?.classList.toggle("over", over));
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const drop = one("details.drop[open]");
  if (!drop) return;
  drop.open = false;
  one("summary", drop).focus();
});

/* A second press of the button must not send the form twice; the page may come back from the history with its form. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  for (const button of all("[type='submit']", form)) button.setAttribute("aria-busy", "true");
});
addEventListener("pageshow", () => {
  for (const form of all("form[data-sent]")) delete form.dataset.sent;
});

/* The side navigation is a popover on narrow screens; while it is open the rest of the page is out of reach. */
const side = one("#side");
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
/* A whole page instead of a part means that the session ended on the way: go where the server led. */
document.addEventListener("htmx:beforeSwap", (event) => {
  const { xhr } = event.detail;
  if (!/^\s*<!doctype html/i.test(xhr.responseText)) return;
  event.detail.shouldSwap = false;
  location.assign(xhr.responseURL);
});
document.addEventListener("htmx:afterSwap", (event) => {
  const part = event.detail.target;
  say((part.matches?.("[data-announce]") ? part : one("[data-announce]", part))?.dataset.announce);
});
for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, (event) => {
    if (!event.target.closest?.("[data-poll]")) toast("bad", one("#toasts")?.dataset.failed);
  });
}
document.addEventListener("toast", (event) => toast(event.detail.tone, event.detail.text));

/* ----- at start ----- */
labelTheme();
for (const node of all(".toast")) settle(node);
for (const dialog of all("dialog[data-open]")) dialog.showModal();
one("[data-focus]")?.focus();
