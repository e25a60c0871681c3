/* Watches over the end of the session: asks shortly before it whether one stays, and covers the page after it. Loaded when the
   page has come to rest. Nothing is polled: replies tell what is left, the server is asked when the end is near, and the tabs
   of a browser tell each other. What stands in half-filled forms stays: signed in again, the page goes on where it was. */

const template = document.getElementById("idle");
const { person, state: STATE_URL, stay: STAY_URL, signIn: SIGN_IN_URL } = template.dataset;
const WARNING_MS = Number(template.dataset.warning) * 1000;
const AGAIN_MS = 5000; // After an answer that did not come.
const LONGEST_MS = 2 ** 31 - 1; // More does not fit into a timer.
const SAID_SECONDS = [60, 30, 10];

document.body.append(template.content.cloneNode(true));
const warning = document.getElementById("idle-warning");
const cover = document.getElementById("idle-ended");
const tabs = new BroadcastChannel("steward-session");
const arrived = performance.timeOrigin + (performance.getEntriesByType("navigation")[0]?.responseStart ?? 0);
let deadline = arrived + Number(template.dataset.seconds) * 1000;
let timer = 0;
let ticks = 0;
let covered = false;

const left = () => deadline - Date.now();

function plan(wait = left() - WARNING_MS) {
  clearTimeout(timer);
  if (!covered) timer = setTimeout(near, Math.min(Math.max(wait, 0), LONGEST_MS));
}

/* A hidden tab asks nobody; it looks when somebody comes back to it. */
function near() {
  if (!document.hidden) ask(STATE_URL);
}

async function ask(url, options = {}) {
  try {
    const headers = { Accept: "application/json", ...options.headers };
    const reply = await fetch(url, { ...options, headers, redirect: "manual", cache: "no-store" });
    if (reply.type === "opaqueredirect" || reply.status === 401) return end();
    if (reply.ok) return heard(await reply.json());
  } catch {
    // No network: what is known counts until there is one again.
  }
  if (left() <= 0) end();
  else plan(Math.min(AGAIN_MS, left()));
}

function stay() {
  ask(STAY_URL, { method: "POST", headers: JSON.parse(document.body.getAttribute("hx-headers") ?? "{}") });
}

function heard(known) {
  if (known.person !== person) return end("other");
  renew(known.token);
  move(Date.now() + known.seconds * 1000, true);
}

/* The session ends at another moment than was known. */
function move(moment, tell) {
  deadline = moment;
  if (tell) tabs.postMessage({ person, deadline });
  if (covered) uncover();
  if (left() > WARNING_MS) {
    if (warning.open) warning.close();
    plan();
  } else warn();
}

/* ----- the question ----- */
function warn() {
  if (left() <= 0) return plan(1000); // Its last second; then the server says that it is over.
  if (!warning.open) warning.showModal();
  clearInterval(ticks);
  ticks = setInterval(tick, 500);
  tick();
}

function tick() {
  const seconds = Math.max(0, Math.ceil(left() / 1000));
  const text = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  const shown = warning.querySelector("[data-left]");
  if (shown.textContent !== text) {
    shown.textContent = text;
    if (SAID_SECONDS.includes(seconds)) warning.querySelector("[data-said]").textContent = text;
  }
  if (seconds > 0) return;
  clearInterval(ticks);
  ask(STATE_URL);
}

warning.addEventListener("close", () => clearInterval(ticks));
/* Whoever presses Escape is there. */
warning.addEventListener("cancel", (event) => {
  event.preventDefault();
  stay();
});
warning.querySelector("[data-stay-here]").addEventListener("click", stay);

/* ----- the cover ----- */
function end(why = typed() ? "typed" : "") {
  clearTimeout(timer);
  for (const text of cover.querySelectorAll("[data-when]")) text.hidden = text.dataset.when !== why;
  const link = cover.querySelector("[data-enter]");
  const here = location.pathname + location.search;
  link.href = why === "other" ? here : `${SIGN_IN_URL}?next=${encodeURIComponent(here)}`;
  link.target = why === "typed" ? "_blank" : "";
  if (warning.open) warning.close();
  if (covered) return;
  covered = true;
  cover.showModal();
  document.dispatchEvent(new Event("session-ended"));
}

function uncover() {
  covered = false;
  cover.close();
  document.dispatchEvent(new Event("session-back"));
}

cover.addEventListener("cancel", (event) => event.preventDefault());
/* A browser lets go of any dialog when Escape is pressed twice. */
cover.addEventListener("close", () => {
  if (covered) cover.showModal();
});

/* Whether anything in the page's forms differs from what came with it. */
function typed() {
  return [...document.querySelectorAll("main :is(input, textarea, select)")].some((field) => {
    if (field.type === "hidden" || field.type === "search") return false;
    if (field.type === "checkbox" || field.type === "radio") return field.checked !== field.defaultChecked;
    if (field.options) return changedChoice(field);
    return field.value !== field.defaultValue;
  });
}

function changedChoice(field) {
  const options = [...field.options];
  if (field.multiple) return options.some((option) => option.selected !== option.defaultSelected);
  return field.selectedIndex !== Math.max(options.findIndex((option) => option.defaultSelected), 0);
}

/* A new sign-in has a new form token; the forms of this page were made with the old one. */
function renew(token) {
  for (const field of document.querySelectorAll("input[name='csrfmiddlewaretoken']")) field.value = token;
  document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": token }));
}

/* ----- what tells of the end ----- */
for (const dialog of [warning, cover]) {
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) event.stopPropagation(); // Beside it; the shared dialogs close by that.
  });
}
tabs.addEventListener("message", ({ data }) => {
  if (data.person !== person || covered) ask(STATE_URL);
  else if (data.deadline > deadline) move(data.deadline, false);
});
document.addEventListener("visibilitychange", () => {
  if (!document.hidden && (covered || left() <= WARNING_MS)) ask(STATE_URL);
});
document.addEventListener("htmx:beforeOnLoad", (event) => {
  if (event.detail.xhr.status !== 401) return;
  event.preventDefault(); // It would go to sign-in and take what was typed along.
  end();
});
document.addEventListener("htmx:afterRequest", (event) => {
  const told = event.detail.xhr?.getResponseHeader("Session-Ends-In");
  if (told && !covered) move(Date.now() + Number(told) * 1000, Number(told) * 1000 > left());
});
tabs.postMessage({ person, deadline });
plan();
