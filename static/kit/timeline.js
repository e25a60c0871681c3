/* Keys in the timeline: the arrows (or j and k) go from event to event, Home and End to the first and the last; Enter opens, as on
   any link. Nothing is taken from fields, menus and dialogs. */

const STEPS = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 };

function links() {
  return [...document.querySelectorAll("[data-keys] .what a, [data-keys] .bundle summary")].filter((link) => link.checkVisibility());
}

function next(key, found) {
  const here = found.indexOf(document.activeElement);
  if (key === "Home") return here < 0 ? null : found[0];
  if (key === "End") return here < 0 ? null : found.at(-1);
  if (here < 0) return key === "j" ? found[0] : null;
  return found[here + STEPS[key]] ?? null;
}

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (!(key in STEPS || key === "Home" || key === "End")) return;
  if (target.closest("input, select, textarea, dialog, .drop, [contenteditable]")) return;
  const link = next(key, links());
  if (!link) return;
  event.preventDefault();
  link.focus();
  link.scrollIntoView({ block: "nearest" });
});
