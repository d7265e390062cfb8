// What a visitor may cut, pull, open and set; a switch is shown where there is something behind it.
import { both, send } from "./send.js";

const SWITCHES = {
  power: ["电源", "Power"], network: ["网络", "Network"], broker: ["消息服务", "Broker"], disk: ["磁盘", "Disk"],
  battery: ["时钟电池", "Clock battery"], chair: ["门里的椅子", "A chair in the door"], moving: ["屋里有人动", "Somebody stirs inside"],
  tampered: ["设备盒打开", "Housing open"], burning: ["火警", "Fire alarm"], mains_failed: ["市电中断", "Mains failed"],
};
const NEEDS = { chair: "contact", moving: "motion", tampered: "tamper", burning: "fire", mains_failed: "power_fail" };
const place = document.getElementById("switches");
const skew = document.getElementById("skew");
const buttons = {};

export function switches(state) {
  if (!state.fitted || !state.switches) return;
  for (const name of Object.keys(SWITCHES)) {
    const button = buttons[name] ??= make(name);
    const there = name in NEEDS ? state.fitted[NEEDS[name]] : state.cables || !["network", "broker"].includes(name);
    button.hidden = !there;
    button.setAttribute("aria-checked", String(state.switches[name]));
    button.lastChild.textContent = state.switches[name] ? "开 on" : "关 off";
  }
  skew.value = [...skew.options].some((one) => one.value === String(state.skew)) ? state.skew : "other";
}

function make(name) {
  const button = document.createElement("button");
  button.type = "button";
  button.id = `switch-${name}`;
  button.setAttribute("role", "switch");
  const label = document.createElement("span");
  label.append(both(...SWITCHES[name]));
  button.append(label, document.createElement("b"));
  button.addEventListener("click", () => send({ do: "switch", name, on: button.getAttribute("aria-checked") !== "true" }));
  place.append(button);
  return button;
}

skew.addEventListener("change", () => { if (skew.value !== "other") send({ do: "clock", seconds: Number(skew.value) }); });
