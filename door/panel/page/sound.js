// The buzzer's tones, made here, and the door's own voice. A browser lets a page sound after a first touch.
const VOLUME = 0.05;
const LANGUAGES = ["zh", "en"];
const toggle = document.getElementById("sound");
let audio = null;
let oscillator = null;
let gain = null;
let saying = null;

toggle.addEventListener("click", () => {
  toggle.setAttribute("aria-pressed", String(!on()));
  if (!on()) { tone(null, 0); saying?.pause(); }
});
for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, start, { capture: true });

function on() { return toggle.getAttribute("aria-pressed") === "true"; }

function start() {
  if (audio) { audio.resume(); return; }
  audio = new AudioContext();
  oscillator = new OscillatorNode(audio, { type: "square" });
  gain = new GainNode(audio, { gain: 0 });
  oscillator.connect(gain).connect(audio.destination);
  oscillator.start();
}

export function tone(hertz, seconds) {
  if (audio === null || audio.state !== "running") return;
  const at = audio.currentTime + seconds;
  if (hertz) oscillator.frequency.setValueAtTime(hertz, at);
  gain.gain.setValueAtTime(hertz && on() ? VOLUME : 0, at);
}

export function speak({ cue, clip }) {
  if (clip === null || !on() || audio === null) return;
  if (saying?.cue === "fire" && !saying.ended && cue !== "fire") return;
  saying?.pause();
  say(cue, LANGUAGES.map((language) => `clips/${language}/${clip}.wav`));
}

function say(cue, [first, ...rest]) {
  if (first === undefined) return;
  saying = Object.assign(new Audio(first), { cue });
  saying.addEventListener("ended", () => say(cue, rest));
  saying.play().catch(() => {}); // a browser that forbids it has its reasons
}
