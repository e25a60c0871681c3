/* Keeps [data-poll] parts fresh: fires the event "poll", which htmx turns into a request. Waits longer while nothing changes,
   starts over when something does, rests in hidden tabs and ends when the part says data-done.
   With data-every (seconds) a part asks at that pace, and waits longer only while that fails. With data-tag as well it is
   a board: one request for all that is inside, which sends back what its entity tag does not know (304: nothing). */

const WAITS_MS = [1000, 1000, 2000, 3000, 5000, 8000, 10000];
const LONGEST_MS = 60000;

function watch(part) {
  const state = part.dataset.state ? document.getElementById(part.dataset.state) : null;
  let step = 0;
  let timer = 0;
  let busy = false;
  let version = current();
  let ended = false;
  let paused = false;
  let failures = 0;
  const every = Number(part.dataset.every ?? 0) * 1000;

  function pace() {
    return every ? Math.min(every * 2 ** failures, LONGEST_MS) : WAITS_MS[step];
  }

  function current() {
    return part.querySelector("[data-version]")?.dataset.version ?? part.textContent;
  }

  function done() {
    return part.querySelector("[data-done]") !== null;
  }

  function show(kind) {
    if (!state) return;
    const word = kind === "lost" && !navigator.onLine ? "offline" : kind;
    state.textContent = state.dataset[word] ?? state.dataset[kind];
    state.classList.toggle("lost", kind === "lost" || kind === "barred");
    state.classList.toggle("still", kind === "done" || kind === "paused");
  }

  function plan(wait = pace()) {
    clearTimeout(timer);
    if (done()) return show("done");
    if (!document.hidden && !ended && !paused) timer = setTimeout(ask, wait);
  }

  function ask() {
    if (busy || paused || document.hidden || done()) return;
    busy = true;
    window.htmx.trigger(part, "poll");
  }

  function answered(good) {
    if (!busy) return;
    busy = false;
    failures = good ? 0 : failures + 1;
    const next = good ? current() : version;
    step = next === version ? Math.min(step + 1, WAITS_MS.length - 1) : 0;
    version = next;
    show(paused ? "paused" : good ? "fresh" : "lost");
    plan();
  }

  /* afterSettle comes once per swapped child and not at all after 204 "nothing new" or where nothing of the part itself is
     swapped; only the first answer counts. */
  part.addEventListener("htmx:afterSettle", () => answered(true));
  part.addEventListener("htmx:afterRequest", (event) => {
    const status = event.detail.xhr?.status;
    if (status === 403 || status === 404) {
      ended = true;
      return show("barred");
    }
    if (status === 204 || (every && (status === 200 || status === 304))) answered(true);
  });
  for (const name of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) {
    part.addEventListener(name, () => answered(false));
  }
  part.addEventListener("htmx:afterSwap", keepLogEnd);
  part.addEventListener("htmx:beforeSwap", noteLogEnd);
  if (part.dataset.tag !== undefined) watchTags(part);
  for (const button of document.querySelectorAll(`[data-pause="${part.id}"]`)) {
    button.addEventListener("click", () => {
      paused = !paused;
      button.textContent = paused ? button.dataset.on : button.dataset.off;
      show(paused ? "paused" : "fresh");
      plan(0);
    });
  }
  addEventListener("online", () => plan(0));
  addEventListener("offline", () => show("lost"));
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
  plan(part.dataset.coming === undefined ? undefined : 0);
}

/* A board says what it has, and counts its turns: what changes seldom is asked for on some of them only. The first turn
   of a page with parts to come fetches those. */
function watchTags(board) {
  let turn = board.dataset.coming === undefined ? 1 : 0;
  const left = new Set();
  board.addEventListener("htmx:configRequest", (event) => {
    event.detail.headers["If-None-Match"] = board.dataset.tag;
    event.detail.parameters.turn = turn;
  });
  board.addEventListener("htmx:beforeSwap", (event) => {
    if (event.detail.xhr.status === 304) event.detail.shouldSwap = false;
  });
  /* Whoever reads or works inside a part is not disturbed: it comes with the next turn. */
  board.addEventListener("htmx:oobBeforeSwap", (event) => {
    const part = event.detail.target;
    if (!part.querySelector("details[open]") && !part.contains(document.activeElement)) return;
    event.detail.shouldSwap = false;
    left.add(part.id.slice(1));
  });
  board.addEventListener("htmx:afterRequest", (event) => {
    const { status } = event.detail.xhr ?? {};
    if (status !== 200 && status !== 304) return;
    board.dataset.tag = event.detail.xhr.getResponseHeader("ETag") ?? board.dataset.tag;
    for (const id of left) board.dataset.tag = board.dataset.tag.replace(new RegExp(`(["-]${id}\\.)[0-9a-f]+`), "$1");
    left.clear();
    turn += 1;
  });
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
