// The page of the code while it is open: the next code by itself, also without a network; news while there is one.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const told = JSON.parse($("told").textContent);
  const second = $("second");
  const LATE_MS = 60000; // for so long the second of a code that has just run out still completes it
  const ANSWER_MS = 8000;
  const ASTRAY_MS = 2500; // less than this is the journey of the answer, not the phone's clock
  let codes = told.codes;
  let ahead = told.now * 1000 - Date.now();
  let shown = null;
  let asked = false;
  let waiting = null;

  const now = () => Date.now() + ahead;
  const spelt = (text) => text.replace(/ /g, "").split("").join(" ");
  const filled = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  function put(place, digits, before) {
    place.replaceChildren(...digits.split(" ").flatMap((part) => {
      const span = document.createElement("span");
      span.setAttribute("aria-hidden", "true");
      span.textContent = part;
      return [span, " "];
    }));
    place.setAttribute("aria-label", before + spelt(digits));
  }

  function change(at) {
    const [first, then, begins] = codes[at];
    const secondLabel = $("digits2").getAttribute("aria-label").split(":")[0] + ": ";
    put($("digits"), first, "");
    put($("digits2"), then, secondLabel);
    shown = begins;
    mark();
  }

  function mark() {
    for (const row of document.querySelectorAll("[data-begins]")) {
      const begins = Number(row.dataset.begins);
      row.classList.toggle("past", begins < shown);
      row.classList.toggle("now", begins === shown);
      row.querySelector("small").hidden = begins !== shown;
    }
  }

  function tick() {
    const t = now();
    const at = codes.findIndex(([, , begins, ends]) => begins * 1000 <= t && t < ends * 1000);
    $("has-code").hidden = second.hidden = $("speak").hidden = at < 0;
    $("gone").hidden = at >= 0;
    if (at < 0) {
      $("offline").hidden = true;
      shown = t / 1000;
      mark();
      return;
    }
    const [, , begins, ends] = codes[at];
    if (begins !== shown) change(at);
    const left = Math.max(1, Math.ceil((ends * 1000 - t) / 1000));
    const words = left < 60 ? told.left_short : told.left;
    $("left").textContent = filled(words, { minutes: Math.floor(left / 60), seconds: left < 60 ? left : left % 60 });
    $("bar").style.width = `${(100 * (ends * 1000 - t)) / ((ends - begins) * 1000)}%`;
    const late = at > 0 && t - begins * 1000 < LATE_MS;
    $("before").hidden = !late;
    if (late) $("before").textContent = filled(told.before, { first: codes[at - 1][0], second: codes[at - 1][1] });
  }

  function take(reply) {
    if (reply.standing !== told.standing) return location.reload();
    const off = reply.now * 1000 - Date.now() - ahead;
    if (Math.abs(off) > ASTRAY_MS) ahead += off;
    for (const name of ["seats", "news"]) {
      if ($(name).dataset.was !== reply[name]) $(name).innerHTML = $(name).dataset.was = reply[name];
    }
    if (!codes) return undefined;
    $("offline").hidden = true;
    if (reply.second && !asked) second.open = true;
    asked = reply.second;
    if (reply.codes) {
      codes = reply.codes;
      $("list").innerHTML = reply.list;
      $("offline").textContent = reply.offline;
      shown = null;
    }
    tick();
    return undefined;
  }

  async function look() {
    clearTimeout(waiting);
    if (document.hidden) return;
    const stop = new AbortController();
    const late = setTimeout(() => stop.abort(), ANSWER_MS);
    try {
      const query = new URLSearchParams(location.search);
      if (codes) query.set("until", codes[codes.length - 1][3]);
      const answer = await fetch(`/code/live?${query}`, { headers: { Accept: "application/json" }, signal: stop.signal });
      if (answer.status === 401) return location.reload();
      if (!answer.ok) throw new Error(answer.status);
      take(await answer.json());
    } catch {
      if (codes) $("offline").hidden = !$("gone").hidden;
    }
    clearTimeout(late);
    waiting = setTimeout(look, told.poll * 1000);
    return undefined;
  }

  async function stayAwake() {
    try {
      if (codes && !document.hidden) await navigator.wakeLock.request("screen");
    } catch {
      // a browser without it, or a battery that is low
    }
  }

  // A file of equal slots: ten digits, then "please type", then "now the second one".
  const SLOT = 0.8;
  const FIRST = 10;
  const SECOND = 12;
  let voice = null;

  async function speak() {
    const player = new (window.AudioContext || window.webkitAudioContext)();
    voice ??= await (await fetch(told.voice)).arrayBuffer();
    const sound = await player.decodeAudioData(voice.slice(0));
    let at = player.currentTime + 0.05;
    const say = (slot, slots) => {
      const source = player.createBufferSource();
      source.buffer = sound;
      source.connect(player.destination);
      source.start(at, slot * SLOT, slots * SLOT);
      at += slots * SLOT;
      return source;
    };
    const read = (text) => text.split(" ").forEach((part) => {
      [...part].forEach((digit) => say(Number(digit), 1));
      at += 0.3;
    });
    const [first, then] = codes.find(([, , begins]) => begins === shown);
    say(FIRST, 2);
    read(first);
    if (second.open) {
      say(SECOND, 2);
      read(then);
    }
    setTimeout(() => player.close(), (at - player.currentTime) * 1000 + 500);
  }

  if (codes.length) {
    tick();
    setInterval(tick, 500);
    $("speak").addEventListener("click", () => speak().catch(() => { $("silent").hidden = false; }));
    stayAwake();
  } else {
    codes = null;
  }
  document.addEventListener("visibilitychange", () => { stayAwake(); look(); });
  window.addEventListener("online", look);
  waiting = setTimeout(look, told.poll * 1000);
})();
