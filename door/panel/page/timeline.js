// What happened, newest first: what the visitor did, what the door showed, and each row of its audit.
import { both } from "./send.js";

const MOST = 150;
let timeZone;
const list = document.getElementById("timeline");

export function zone(name) { timeZone = name; }

export function line({ what, at, zh, en, type, reason, detail, clock, cue }) {
  if (cue === "key" || (what === "cue" && !zh)) return;
  const item = document.createElement("li");
  item.className = what === "row" ? `row-${type}` : what;
  const time = document.createElement("time");
  time.textContent = what === "row" && clock === "none" ? "--:--:-- " : `${new Date(at * 1000).toLocaleTimeString("zh-CN", { hour12: false, timeZone })} `;
  const code = document.createElement("code");
  code.textContent = ` ${[type ?? cue, reason, detail].filter(Boolean).join(", ")}`;
  item.append(time, both(zh, en), code);
  list.prepend(item);
  while (list.childElementCount > MOST) list.lastChild.remove();
}
