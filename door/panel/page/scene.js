// The doorway as a picture, and whoever walks through it.
import { send } from "./send.js";

const PX = 6; // a pace
const SEATS = 15;
const scene = document.getElementById("scene");
const feet = document.getElementById("feet");
let dragging = false;

export function draw({ street, out, facts, switches }) {
  if (!street || !out) return;
  scene.classList.toggle("open", street.open);
  scene.classList.toggle("chaired", Boolean(switches?.chair));
  scene.classList.toggle("dark", !out.lights);
  scene.classList.toggle("walking", street.x !== street.aim && street.x !== 36);
  document.getElementById("walker").setAttribute("transform", `translate(${20 + street.x * PX} 212)`);
  if (!dragging) feet.value = street.aim;
  for (const beam of ["outer", "inner"]) document.getElementById(beam).classList.toggle("broken", Boolean(facts?.[beam]));
  document.getElementById("seated").textContent = street.seated;
  const readers = document.getElementById("readers");
  if (readers.childElementCount !== Math.min(street.seated, SEATS)) {
    readers.replaceChildren(...Array.from({ length: Math.min(street.seated, SEATS) }, (_, n) => reader(n)));
  }
}

function reader(n) {
  const one = document.createElementNS("http://www.w3.org/2000/svg", "g");
  one.setAttribute("class", "reader");
  one.setAttribute("transform", `translate(${424 + (n % 8) * 25 + (n > 7 ? 12 : 0)} ${n > 7 ? 150 : 160})`);
  one.innerHTML = '<circle r="9"/><path d="M-8 12l8 3 8-3v-8l-8 3-8-3z"/>';
  return one;
}

export function people() {
  feet.addEventListener("input", () => { dragging = true; send({ do: "walk", to: Number(feet.value) }); });
  for (const end of ["change", "blur"]) feet.addEventListener(end, () => { dragging = false; });
  for (const button of document.querySelectorAll("[data-walk]")) {
    button.addEventListener("click", () => send({ do: "walk", to: Number(button.dataset.walk) }));
  }
  document.getElementById("leave").addEventListener("click", () => send({ do: "leave" }));
}
