/* Estimates a new password while it is typed: length and variety only. The server decides; this only tells the rule early. */

const POINTS_FULL = 100;

function variety(text) {
  const distinct = new Set(text.toLowerCase()).size;
  const runs = text.toLowerCase().match(/(.)\1{2,}|(?:0123|1234|2345|3456|4567|5678|6789|abcd|qwer|asdf)/g) ?? [];
  return Math.max(0, distinct - runs.length * 3);
}

function judge(text, minimum) {
  if (!text) return { points: 0, tone: "", key: "none" };
  if (text.length < minimum) return { points: (text.length / minimum) * 45, tone: "bad", key: "short" };
  const spread = variety(text);
  if (spread < 6) return { points: 40, tone: "bad", key: "dull" };
  if (spread < 10 && text.length < minimum + 5) return { points: 65, tone: "warn", key: "fair" };
  if (text.length < minimum + 5) return { points: 85, tone: "ok", key: "good" };
  return { points: POINTS_FULL, tone: "ok", key: "strong" };
}

function connect(meter) {
  const input = document.getElementById(meter.dataset.for);
  const minimum = Number(meter.dataset.min);
  const bar = meter.querySelector("progress");
  const word = meter.querySelector(".word");
  if (!input) return;
  input.addEventListener("input", () => {
    const verdict = judge(input.value, minimum);
    meter.dataset.tone = verdict.tone;
    bar.value = verdict.points;
    word.textContent = (meter.dataset[verdict.key] ?? "").replace("{n}", String(minimum - input.value.length));
  });
}

for (const meter of document.querySelectorAll("[data-strength]")) connect(meter);
