/* Arrow keys on a widget that is being arranged press its buttons; the server moves it, and the focus stays on it. */

const WAYS = { ArrowLeft: "left", ArrowRight: "right", ArrowUp: "up", ArrowDown: "down", Delete: "remove", "+": "wider", "-": "narrower" };
let held = "";

document.addEventListener("keydown", (event) => {
  const card = event.target;
  const way = WAYS[event.key];
  if (!way || !card.dataset?.widget || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  const button = document.getElementById(`${way}-${card.dataset.widget}`);
  if (!button || button.getAttribute("aria-disabled") === "true") return;
  held = card.id;
  button.click();
});

/* What has just been swapped in is new: focus goes back to the widget or button that was used, or to the list of them. */
document.addEventListener("htmx:beforeRequest", (event) => {
  if (event.target.id === "arrange") held ||= document.activeElement?.id ?? "";
});
document.addEventListener("htmx:afterSettle", () => {
  if (!held) return;
  const wanted = document.getElementById(held) ?? document.querySelector("#arrange [data-widget]") ?? document.querySelector("#arrange .shelf button");
  held = "";
  wanted?.focus();
});
