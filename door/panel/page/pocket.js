// Phones, sheets and cards of a demonstration; each is typed by a finger that does not tire.
import { both, send } from "./send.js";

const AGAIN_MS = 2000; // pockets are filled one after the other
const used = new Set();
const list = document.getElementById("pocket");
let things = [];

export async function pocket() {
  const answer = await fetch("pocket").catch(() => null);
  if (answer?.ok) things = await answer.json();
  document.getElementById("people").hidden = things.length === 0;
  show();
  if (answer?.status !== 404) setTimeout(pocket, AGAIN_MS);
}

setInterval(show, 1000);
document.getElementById("vandal").addEventListener("click", () => {
  const member = things[0]?.member ?? "0000";
  type(member + String(Math.floor(Math.random() * 1e6)).padStart(6, "0"));
});

function type(keys) { send({ do: "type", keys }); }

function show() {
  const now = Date.now() / 1000;
  const shown = things.map((thing) => [thing, thing.codes.find((code) => good(thing, code, now))]);
  const key = JSON.stringify(shown.map(([, code]) => [code, used.has(code?.code)]));
  if (list.dataset.key === key) { bars(now); return; }
  const focus = document.activeElement?.dataset.focus;
  list.dataset.key = key;
  list.replaceChildren(...shown.filter(([, code]) => code).map(([thing, code]) => item(thing, code)));
  list.querySelector(`[data-focus="${focus}"]`)?.focus(); // a code that ran out takes no focus with it
  bars(now);
}

function good({ kind }, { code, begins, ends }, now) {
  return kind === "card" ? !used.has(code) : begins <= now && now < ends;
}

function item(thing, { code, second, begins, ends }) {
  const one = document.createElement("li");
  one.dataset.kind = thing.kind;
  const digits = document.createElement("span");
  digits.className = `code ${used.has(code) ? "used" : ""}`;
  digits.textContent = `${code.slice(0, 4)} ${code.slice(4, 7)} ${code.slice(7)}`;
  const bar = document.createElement("div");
  Object.assign(bar.dataset, { begins, ends });
  bar.className = ends ? "lasts" : "";
  const row = document.createElement("div");
  row.className = "row";
  const first = thing.kind === "card" ? code + second : code;
  row.append(button("输入", "Type it", thing, first, code), button("输入下一个", "And the next", thing, second, code));
  if (thing.kind === "card") row.lastChild.remove();
  one.append(both(thing.zh, thing.en), digits, bar, row);
  return one;
}

function button(zh, en, thing, keys, code) {
  const one = document.createElement("button");
  one.type = "button";
  one.dataset.focus = `${thing.member}-${thing.kind}-${en}`;
  one.append(both(zh, en));
  one.addEventListener("click", () => { used.add(code); type(keys); });
  return one;
}

function bars(now) {
  for (const bar of list.querySelectorAll(".lasts")) {
    const { begins, ends } = bar.dataset;
    bar.style.transform = `scaleX(${Math.max(0, (ends - now) / (ends - begins))})`;
  }
}
