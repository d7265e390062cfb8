// The page's centre: listens to what happens, and hands each part to whom it concerns.
import { draw, people } from "./scene.js";
import { keypad, pressed } from "./keypad.js";
import { signal } from "./lamp.js";
import { speak } from "./sound.js";
import { line, zone } from "./timeline.js";
import { pocket } from "./pocket.js";
import { facts } from "./facts.js";
import { switches } from "./switches.js";

const state = {};
const parts = { // each part of the state, and who shows it
  layout: keypad, finger: pressed, switches: () => switches(state), cables: () => switches(state),
  skew: () => switches(state), fitted: () => switches(state), street: () => draw(state), out: () => draw(state),
  facts: () => draw(state), zone, status: () => facts(state),
  power: (power) => { document.body.dataset.power = power; facts(state); },
};
const happenings = { signal, row: line, deed: line, cue: (told, fresh) => { line(told); facts(state, told, fresh); if (fresh) speak(told); } };

const stream = new EventSource("events");
stream.onmessage = ({ data }) => {
  const told = JSON.parse(data);
  Object.assign(state, told.state);
  for (const name of Object.keys(told.state)) parts[name]?.(told.state[name]);
  for (const thing of told.happened) happenings[thing.what]?.(thing, told.fresh);
};
stream.onerror = () => {
  document.getElementById("note").textContent = "面板已关闭。 The panel was closed; start it again.";
  stream.close();
};
people();
pocket();
