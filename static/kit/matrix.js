/* The matrix of roles: filters its rows, marks what is changed and says how much. Without it the form works all the same. */

const table = document.querySelector("[data-matrix]");
const find = document.querySelector("[data-matrix-find]");
const told = document.querySelector("[data-matrix-bar] p");

function narrow() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const group of table.querySelectorAll("[data-group]")) {
    let left = 0;
    for (const row of group.querySelectorAll("[data-find]")) {
      row.hidden = !words.every((word) => row.dataset.find.includes(word));
      left += row.hidden ? 0 : 1;
    }
    group.hidden = left === 0;
  }
}

function mark(cell) {
  cell.classList.remove("allow", "deny", "none");
  cell.classList.add(cell.value || "none");
  cell.toggleAttribute("data-changed", cell.value !== cell.dataset.was);
}

function count() {
  const number = table.querySelectorAll("select[data-changed]").length;
  const text = number === 0 ? told.dataset.none : number === 1 ? told.dataset.one : told.dataset.many;
  told.textContent = text.replace("{n}", String(number));
}

find?.addEventListener("input", narrow);
find?.addEventListener("keydown", (event) => {
  if (event.key === "Enter") event.preventDefault();
});
table?.addEventListener("change", (event) => {
  if (!event.target.matches("select.tri")) return;
  mark(event.target);
  if (told) count();
});
if (told) count();
