// Gestures on their way to the door: one after the other, so that a key is let go after it was pressed.
export const AWAY = "面板不在了。 The panel is away; start it again.";
let last = Promise.resolve();

export function send(gesture) {
  last = last.then(() => post(gesture));
  return last;
}

export function wait(ms) {
  last = last.then(() => new Promise((resolve) => setTimeout(resolve, ms)));
}

async function post(gesture) {
  const note = document.getElementById("note");
  try {
    const answer = await fetch("gesture", {
      method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(gesture),
    });
    note.textContent = answer.ok ? "" : await answer.text();
  } catch {
    note.textContent = AWAY;
  }
}

// A label in both languages.
export function both(zh, en) {
  const english = document.createElement("span");
  english.lang = "en";
  english.textContent = ` ${en}`;
  const whole = document.createDocumentFragment();
  whole.append(zh, english);
  return whole;
}
