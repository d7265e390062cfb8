// Lamp and buzzer: each change at its own time, as the pins had it, a moment later than it came.
import { tone } from "./sound.js";

const DELAY_MS = 80; // smooths the way here
const SEEN_MS = 700; // under reduced motion a lamp that blinks is one that shines
const WORDS = { white: "白 white", green: "绿 green", red: "红 red", blue: "蓝 blue", amber: "黄 amber" };
const COLOURS = { "1,1,1": "white", "0,1,0": "green", "1,0,0": "red", "0,0,1": "blue", "1,1,0": "amber" };
const still = matchMedia("(prefers-reduced-motion: reduce)");
let ahead = null; // our clock less the machine's
let fading = 0;

export function signal({ at, lamp, tone: hertz, chime }) {
  const now = performance.now();
  if (ahead === null || Math.abs(now + DELAY_MS - (at + ahead)) > 2 * DELAY_MS) ahead = now + DELAY_MS - at;
  const wait = Math.max(0, at + ahead - now);
  setTimeout(shine, wait, lamp);
  tone(chime ? 659 : hertz, wait / 1000);
}

export function shine(lamp) {
  const colour = COLOURS[lamp.map(Number)];
  clearTimeout(fading);
  if (!colour && still.matches) fading = setTimeout(paint, SEEN_MS, "");
  else paint(colour ?? "");
}

function paint(colour) {
  for (const led of [document.getElementById("led"), document.getElementById("led-small")]) led.setAttribute("class", `led ${colour}`);
  document.getElementById("lamp-word").textContent = WORDS[colour] ?? "";
}
