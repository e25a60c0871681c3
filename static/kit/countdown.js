/* Words that count down to a moment: <span data-until="…" data-one="1 minute left" data-many="{n} minutes left" data-over="It is over."> */

const MINUTE = 60_000;
const parts = [...document.querySelectorAll("[data-until]")];

function tell() {
  for (const part of parts) {
    const left = Math.ceil((Date.parse(part.dataset.until) - Date.now()) / MINUTE);
    const words = left <= 0 ? part.dataset.over : left === 1 ? part.dataset.one : part.dataset.many.replace("{n}", left);
    if (part.textContent !== words) part.textContent = words;
  }
}

tell();
setInterval(() => document.hidden || tell(), 10_000);
document.addEventListener("visibilitychange", tell);
