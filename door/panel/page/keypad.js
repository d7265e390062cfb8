// The keypad: every key is a button, and the keys of the keyboard press the same switches.
import { send, wait } from "./send.js";

const DOWN_MS = 90; // a keypad scans, and a thumb is never faster
const UP_MS = 60;
const buttons = {};
const down = new Set();

export function keypad(layout) {
  const keys = document.getElementById("keys");
  keys.style.gridTemplateColumns = `repeat(${layout[0].length}, 1fr)`;
  keys.replaceChildren(...[...layout.join("")].filter((key) => "0123456789*#".includes(key)).map(button));
}

export function pressed(key) {
  for (const [name, one] of Object.entries(buttons)) one.classList.toggle("down", name === key || down.has(name));
}

function button(key) {
  const one = buttons[key] = document.createElement("button");
  one.type = "button";
  one.textContent = key;
  one.addEventListener("pointerdown", () => press(key));
  for (const end of ["pointerup", "pointerleave", "pointercancel"]) one.addEventListener(end, () => release(key));
  one.addEventListener("click", (event) => { if (!event.detail) { press(key); release(key); } });
  return one;
}

function press(key) {
  if (down.has(key)) return;
  down.add(key);
  pressed(null);
  send({ do: "key", key, down: true });
  wait(DOWN_MS);
}

function release(key) {
  if (!down.delete(key)) return;
  pressed(null);
  send({ do: "key", key, down: false });
  wait(UP_MS);
}

const typing = (event) => event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select");
addEventListener("keydown", (event) => { if (event.key in buttons && !event.repeat && !typing(event)) press(event.key); });
addEventListener("keyup", (event) => release(event.key));
addEventListener("blur", () => [...down].forEach(release));
