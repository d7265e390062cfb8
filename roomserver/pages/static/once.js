// A form that is sent once: its button rests while the answer is on the way, and not for ever.
"use strict";
for (const form of document.querySelectorAll("form[data-once]")) {
  const rest = (resting) => { form.querySelector("button").disabled = resting; };
  form.addEventListener("submit", () => { rest(true); setTimeout(rest, 10_000, false); });
  addEventListener("pageshow", () => rest(false));  // the page may come back as it was left
}
