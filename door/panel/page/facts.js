// What the door knows and says: its display, and the facts beside the doorway.
import { both } from "./send.js";

const SAID_MS = 5000;
const SOURCE = { server: "服务器 server", ntp: "网络 NTP", rtc: "时钟电池 battery clock", manual: "管理员 administrator", code: "号码 a code", none: "不知道 nobody" };
const SURE = { exact: "确切 exact", estimate: "估计 estimate", unknown: "不确定 unsure" };
const POWER = { off: ["停电", "No power"], starting: ["正在启动", "Starting"] };
let said = null;
let fading = 0;

export function facts(state, cue) {
  if (cue?.zh) {
    said = cue;
    clearTimeout(fading);
    fading = setTimeout(() => { said = null; facts(state); }, SAID_MS);
  }
  show(state);
}

function put(id, text, tone) {
  const place = document.getElementById(id);
  if (place.textContent !== text) place.textContent = text;
  place.className = tone ?? "";
}

function show({ status, power, why }) {
  const words = (id, pair) => document.getElementById(id).replaceChildren(both(...pair));
  if (!status) {
    for (const id of ["lock", "door", "count", "clock", "waiting", "alarms"]) put(id, "–");
    for (const id of ["time", "seats"]) put(id, "");
    words("next", power === "off" && why ? ["停电", why] : POWER[power] ?? POWER.starting);
    said = null;
    return;
  }
  const { room, clock, alarms } = status;
  put("lock", status.lock === "UNLOCKED" ? "开 unlocked" : "锁 locked", status.lock === "UNLOCKED" ? "care" : "good");
  put("door", { open: "开着 open", closed: "关着 closed" }[status.door] ?? "–", status.door === "open" ? "care" : "");
  put("count", `${room.count} / ${room.capacity} · ${SURE[room.confidence]}`);
  put("clock", SOURCE[clock.source] + (clock.trusted ? "" : " ?"), clock.trusted ? "good" : "care");
  put("waiting", String(status.waiting), status.waiting ? "care" : "good");
  put("alarms", alarms.length ? alarms.join(", ") : "没有 none", alarms.length ? "bad" : "good");
  put("time", status.display.time);
  words("seats", status.display.seats);
  words("next", said ? [said.zh, said.en] : status.display.next);
}
