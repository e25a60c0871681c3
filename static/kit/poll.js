/* Keeps [data-poll] parts fresh: fires the event "poll", which htmx turns into a request. Waits longer while nothing changes,
   starts over when something does, rests in hidden tabs and ends when the part says data-done. */

const WAITS_MS = [1000, 1000, 2000, 3000, 5000, 8000, 10000];

function watch(part) {
  const state = part.dataset.state ? document.getElementById(part.dataset.state) : null;
  let step = 0;
  let timer = 0;
  let busy = false;
  let version = current();
  let ended = false;

  function current() {
    return part.querySelector("[data-version]")?.dataset.version ?? part.textContent;
  }

  function done() {
    return part.querySelector("[data-done]") !== null;
  }

  function show(kind) {
    if (!state) return;
    state.textContent = state.dataset[kind];
    state.className = `live ${kind === "lost" ? "lost" : ""} ${kind === "done" ? "still" : ""}`;
  }

  function plan(wait = WAITS_MS[step]) {
    clearTimeout(timer);
    if (done()) return show("done");
    if (!document.hidden && !ended) timer = setTimeout(ask, wait);
  }

  function ask() {
    if (busy || document.hidden || done()) return;
    busy = true;
    window.htmx.trigger(part, "poll");
  }

  function answered(good) {
    if (!busy) return;
    busy = false;
    const next = good ? current() : version;
    step = next === version ? Math.min(step + 1, WAITS_MS.length - 1) : 0;
    version = next;
    show(good ? "fresh" : "lost");
    plan();
  }

  /* afterSettle comes once per swapped child and not at all after 204 "nothing new"; only the first answer counts. */
  part.addEventListener("htmx:afterSettle", () => answered(true));
  part.addEventListener("htmx:afterRequest", (event) => {
    if (event.detail.xhr?.status === 204) answered(true);
  });
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    part.addEventListener(name, () => answered(false));
  }
  part.addEventListener("htmx:afterSwap", keepLogEnd);
  part.addEventListener("htmx:beforeSwap", noteLogEnd);
  document.addEventListener("visibilitychange", () => {
    step = 0;
    if (document.hidden) clearTimeout(timer);
    else plan(0);
  });
  /* Told by idle.js: nobody is signed in any more, and then somebody is again. */
  document.addEventListener("session-ended", () => {
    ended = true;
    busy = false;
    clearTimeout(timer);
  });
  document.addEventListener("session-back", () => {
    ended = false;
    plan(0);
  });
  plan();
}

/* A reader who scrolled up in the log stays there; one who follows its end keeps following. */
const logs = new WeakMap();

function noteLogEnd(event) {
  const log = event.currentTarget.querySelector(".log");
  if (!log) return;
  const follows = log.scrollHeight - log.scrollTop - log.clientHeight < 8;
  logs.set(event.currentTarget, follows ? Infinity : log.scrollTop);
}

function keepLogEnd(event) {
  const log = event.currentTarget.querySelector(".log");
  if (log) log.scrollTop = Math.min(logs.get(event.currentTarget) ?? Infinity, log.scrollHeight);
}

for (const part of document.querySelectorAll("[data-poll]")) {
  const log = part.querySelector(".log");
  if (log) log.scrollTop = log.scrollHeight;
  watch(part);
}
