// The page's centre: listens to what happens, and hands each part to whom it concerns.
import { AWAY } from "./send.js";
import { draw, mood, people } from "./scene.js";
import { keypad, pressed } from "./keypad.js";
import { shine, signal } from "./lamp.js";
import { speak } from "./sound.js";
import { line, zone } from "./timeline.js";
import { pocket } from "./pocket.js";
import { facts } from "./facts.js";
import { switches } from "./switches.js";

const state = {};
let gone = false;
const parts = { // each part of the state, and who shows it
  layout: keypad, finger: pressed, switches: () => switches(state), cables: () => switches(state),
  skew: () => switches(state), fitted: () => switches(state), street: () => draw(state), out: () => draw(state),
  facts: () => draw(state), zone, status: () => facts(state),
  power: (power) => { document.body.dataset.power = power; facts(state); },
};
const happenings = { signal: (told, fresh) => fresh && signal(told), row: line, deed: line, cue };

function cue(told, fresh) {
  line(told);
  if (!fresh) return;
  facts(state, told);
  speak(told);
  mood(told.cue);
}

const stream = new EventSource("events");
stream.onmessage = ({ data }) => {
  const told = JSON.parse(data);
  if (gone) location.reload(); // it was away: what happened meanwhile comes from the beginning
  Object.assign(state, told.state);
  for (const name of Object.keys(told.state)) parts[name]?.(told.state[name]);
  if (!told.fresh && state.out) shine(state.out.lamp);
  for (const thing of told.happened) happenings[thing.what]?.(thing, told.fresh);
};
stream.onerror = () => {
  gone = true;
  document.getElementById("note").textContent = AWAY;
};
people();
pocket();
