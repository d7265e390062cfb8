// The doorway as a picture, and whoever walks through it.
import { send } from "./send.js";

const PX = 6; // a pace
const SEATS = 15;
const FIGURES = 4; // a student, a man with a hat, Grandma Li, a child
const MOOD_MS = 900;
const scene = document.getElementById("scene");
const feet = document.getElementById("feet");
const walker = document.getElementById("walker");
let dragging = false;
let led = 0; // how often he was led and the street has not answered yet
let latest = null;
let before = null; // the street as it was at its last answer: it may not know yet
let calm = 0;

export function draw({ street, out, facts, switches }) {
  if (!street || !out) return;
  scene.classList.toggle("open", street.open);
  scene.classList.toggle("chaired", Boolean(switches?.chair));
  scene.classList.toggle("dark", !out.lights);
  scene.classList.toggle("walking", street.x !== street.aim && street.x !== 36);
  walker.setAttribute("transform", `translate(${20 + street.x * PX} 212)`);
  for (let n = 0; n < FIGURES; n++) walker.classList.toggle(`p${n}`, street.seated % FIGURES === n);
  latest = street;
  if (!dragging && !led && street !== before) feet.value = street.aim;
  for (const beam of ["outer", "inner"]) document.getElementById(beam).classList.toggle("broken", Boolean(facts?.[beam]));
  document.getElementById("seated").textContent = street.seated;
  const readers = document.getElementById("readers");
  if (readers.childElementCount !== Math.min(street.seated, SEATS)) {
    readers.replaceChildren(...Array.from({ length: Math.min(street.seated, SEATS) }, (_, n) => reader(n)));
  }
}

function reader(n) {
  const one = document.createElementNS("http://www.w3.org/2000/svg", "g");
  one.setAttribute("class", `reader p${n % FIGURES}`);
  one.setAttribute("transform", `translate(${424 + (n % 8) * 25 + (n > 7 ? 12 : 0)} ${n > 7 ? 150 : 160})`);
  one.innerHTML = '<path class="body" d="M-10 20v-8q0-8 10-8t10 8v8z"/><circle class="head" r="9"/><path class="book" d="M-9 15l9 3 9-3v-8l-9 3-9-3z"/>';
  return one;
}

// Who stands there hops when he may come in, and shakes his head when not.
export function mood(cue) {
  walker.classList.remove("accepted", "wrong", "not-now");
  walker.getBoundingClientRect(); // an animation begins anew
  if (["accepted", "wrong", "not-now"].includes(cue)) walker.classList.add(cue);
  clearTimeout(calm);
  calm = setTimeout(() => walker.classList.remove(cue), MOOD_MS);
}

// Where the feet are led they stay: what the street told before it heard of it does not pull them back.
async function lead() {
  dragging = true;
  led++;
  await send({ do: "walk", to: Number(feet.value) });
  led--;
  before = latest;
}

export function people() {
  feet.addEventListener("input", lead);
  for (const end of ["change", "blur"]) feet.addEventListener(end, () => { dragging = false; });
  for (const button of document.querySelectorAll("[data-walk]")) {
    button.addEventListener("click", () => send({ do: "walk", to: Number(button.dataset.walk) }));
  }
  document.getElementById("leave").addEventListener("click", () => send({ do: "leave" }));
}
