"""The world around the machine: every gesture ends here, at a switch, a cable, a walk, or the power."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from door import config as configuration
from door import credentials as credentials_file
from door.cues import SIGNALS
from door.effects import Cue
from door.errors import ConfigError
from door.panel import street
from door.panel.finger import Finger
from door.panel.gestures import Gesture, NotNowError
from door.panel.journal import Journal
from door.panel.machine import keypad_of
from door.panel.outputs import Outputs
from door.panel.power import Power
from door.panel.street import Street
from door.panel.stroll import Stroll
from door.panel.surroundings import Cables, WallClock
from door.panel.watch import Watch
from door.panel.words import DEEDS

SWITCHES = {"power": False, "network": True, "broker": True, "disk": True, "battery": False, "chair": False}
SENSED = dict.fromkeys(("tampered", "burning", "mains_failed", "moving"), False)
UNASKED = frozenset({Cue.HELD, Cue.IDENTIFY, Cue.BELL, Cue.FIRE})  # sound whether or not a key is pressed
FITTED = "contact exit_button beams motion tamper fire power_fail lights bell".split()


class Pocket(Protocol):
    """What people hold, for a panel that is part of a demonstration."""

    def things(self) -> list[dict[str, object]]:
        """Phones, sheets and cards as the page shows them."""
        ...


class World:
    """Everything around the door of ``path``; ``log`` has what its daemon logs, None: the terminal.

    ``ConfigError`` when the door of that configuration has real pins, or no matrix keypad.
    """

    def __init__(self, path: Path, *, log: Path | None = None, pocket: Pocket | None = None) -> None:
        config = configuration.load(path)
        if config.pins.factory != "mock":
            raise ConfigError(
                "the panel plays on simulated pins, and this door has real ones: copy its configuration, "
                'set pins.factory = "mock" and another door.state_dir, and name the copy with --config'
            )
        keypad = keypad_of(config)
        broker = configuration.broker(config, credentials_file.load(config.door.credentials))
        self.journal, self.pocket = Journal(), pocket
        self._mutex = threading.RLock()
        self._cables, self._clock = Cables(config.server.url, broker), WallClock()
        self._switches = {**SWITCHES, **SENSED}
        self._facts: dict[str, bool] = {}
        self._outputs = Outputs(config, self.journal)
        self._power = Power(path, self._hear, log)
        self._finger = Finger(self._press, lambda key: self.journal.show(finger=key))
        self._stroll = Stroll(self._moved)
        self._watch = Watch(config.socket, self.journal)
        self.journal.show(
            door=config.door.name, layout=list(keypad.layout), power="off", finger=None, status=None,
            fitted={name: getattr(config, name).fitted for name in FITTED}, cables=self._cables.there,
            street=_seen(Street()), skew=0, switches=dict(self._switches), zone=config.room.time_zone,
        )  # fmt: skip

    def close(self) -> None:
        """The door ends in order, and nobody moves any more."""
        self._watch.end()
        self._stroll.end()
        self._power.stop()
        self._cables.plug(network=False, broker=False)
        self.journal.close()

    def do(self, gesture: Gesture) -> None:
        """Do it; ``NotNowError`` says why it cannot be done."""
        at = gesture.at
        match gesture.do:
            case "key":
                self._press(at["key"], at["down"])
            case "type":
                self._finger.type(at["keys"])
            case "walk":
                self._stroll.change(lambda scene: street.walk(scene, at["to"]))
            case "leave":
                if not self._stroll.change(street.get_up):
                    raise NotNowError("nobody sits inside, or somebody is still on his way")
            case "switch":
                self.switch(at["name"], at["on"])
            case "clock":
                self._clock.set(at["seconds"])
                self._tell_clock()

    def switch(self, name: str, on: bool) -> None:
        """Throw one switch; one that is so already is left alone."""
        with self._mutex:
            if self._switches[name] is on:
                return
            if name in ("network", "broker") and not self._cables.there:
                raise NotNowError("server and broker are reached by TLS: pull their real cable")
            self._switches[name] = on
            zh, en = DEEDS[name, on]
            self.journal.tell("deed", at=int(time.time()), zh=zh, en=en)
            self.journal.show(switches=dict(self._switches))
            self._thrown(name, on)

    def _thrown(self, name: str, on: bool) -> None:
        if name == "power":
            (self._power_on if on else self._power.cut)()
        elif name in ("network", "broker"):
            self._cables.plug(network=self._switches["network"], broker=self._switches["broker"])
            self._tell_clock()
        elif name == "battery":
            self._tell_clock()
        elif name == "disk":
            self._power.send({"disk": on})
        elif name == "chair":
            self._stroll.change(lambda scene: street.put_chair(scene, on))
        else:
            self._tell_facts()

    def _power_on(self) -> None:
        self._clock.wake()
        self._tell_clock()
        self._tell_facts()
        self.journal.show(power="starting", why=None)
        disk = {"disk": self._switches["disk"]}
        self._power.on({"fit": self._cables.ends, "facts": self._facts, **disk, **self._clock.orders})

    def _tell_clock(self) -> None:
        self._clock.hold(network=self._switches["network"], battery=self._switches["battery"])
        self.journal.show(skew=self._clock.skew_ms // 1000)
        self._power.send(self._clock.orders)

    def _tell_facts(self) -> None:
        with self._mutex:
            seen = self._stroll.street.facts
            facts = {**seen, **{name: self._switches[name] or seen.get(name, False) for name in SENSED}}
            if facts != self._facts:
                self._facts = facts
                self.journal.show(facts=facts)
                self._power.send({"facts": facts})

    def _press(self, key: str, down: bool) -> None:
        self._power.send({"key": key, "down": down})

    def _moved(self, scene: Street) -> None:
        self.journal.show(street=_seen(scene))
        self._tell_facts()

    # -- what the machine says, on the thread that reads it (which a power cut waits for: no mutex) ----

    def _hear(self, told: Mapping[str, Any]) -> None:
        answers: Mapping[str, Callable[[Mapping[str, Any]], None]] = {
            "pin": self._pin, "cue": self._cue, "running": self._running, "dark": self._dark,
        }  # fmt: skip
        for word, act in answers.items():
            if word in told:
                act(told)
        self._watch.look()

    def _pin(self, told: Mapping[str, Any]) -> None:
        self._outputs.set(told["pin"], told["level"], told["at"])
        self._stroll.unlock(self._outputs.unlocked)

    def _cue(self, told: Mapping[str, Any]) -> None:
        if told["cue"] not in UNASKED:
            self._finger.heard()
        zh, en = SIGNALS[Cue(told["cue"])].zh, SIGNALS[Cue(told["cue"])].en
        tell = self.journal.flash if told["cue"] == Cue.KEY else self.journal.tell
        tell("cue", at=int(time.time()), cue=told["cue"], clip=told["clip"], zh=zh, en=en)

    def _running(self, _: Mapping[str, Any]) -> None:
        self.journal.show(power="on")
        self._watch.alive(True)

    def _dark(self, told: Mapping[str, Any]) -> None:
        self._watch.alive(False)
        self._outputs.rest()
        self._stroll.unlock(False)
        self._switches["power"] = False
        self.journal.show(power="off", why=told["dark"], switches=dict(self._switches))


def _seen(scene: Street) -> dict[str, object]:
    return {"x": scene.x, "aim": scene.aim, "seated": scene.seated, "open": scene.leaf_open}
