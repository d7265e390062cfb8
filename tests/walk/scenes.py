"""What a walk may begin with: moments that chance alone seldom meets."""

from __future__ import annotations

from dataclasses import dataclass

from walk import keypad, leaf, orders, senses, server, trouble  # noqa: F401  (each tells its gestures)
from walk.doors import DOORS, TIGHT
from walk.walker import Gesture as G  # noqa: N817  (many stand in a row)


@dataclass(frozen=True)
class Scene:
    """What happens first, and what it takes of a door: a flag of ``Rules``."""

    gestures: tuple[G, ...]
    at: str = ""

    @property
    def doors(self) -> tuple[int, ...]:
        """The doors where it may be."""
        return tuple(n for n, rules in enumerate(DOORS) if not self.at or getattr(rules, self.at))


def scene(*gestures: G, at: str = "") -> Scene:
    """One gesture after the other."""
    return Scene(gestures, at)


SCENES = (
    scene(),
    scene(G("drain"), G("opens", gap=200)),
    scene(G("power_cut", 4, 0), G("good", gap=1000)),
    scene(G("power_cut", 3, 0), G("double"), G("opens", gap=1000)),
    scene(G("power_cut", 4, 0), G("double"), G("good", 3, 6, 200)),
    scene(G("good"), G("opens", 1, 7), at="has_contact"),
    scene(G("commands", 0, 1), G("leaves", gap=200)),
    scene(G("commands", 1, 1), G("opens", 0, 7), G("closes", gap=2500)),
    scene(G("store", 0, 0), G("good", gap=200)),
    scene(G("power_cut", 5, 0), G("system_time", 2, 0), G("withdraw", 0, 1), G("good", 0, 0, 300_001)),
    scene(G("withdraw", 2, 5), G("asks", 0, 1), G("reissue", 0, 1)),
    scene(G("typos", 3, 4), G("opens", gap=200)),
    scene(G("slip"), G("good", gap=300_001)),
    scene(G("commands"), G("commands"), G("stale_command", 1, 2), G("stale_command", 3, 0)),
    scene(G("crosses", 4, 1), G("asks", 1, 5), G("good"), G("opens", gap=200)),
    scene(G("asks", 0, 5), G("moves", 3, 4), G("leaves", 0, 1)),
    scene(G("crosses", 4, 0), G("stands", 0, 0, 1000), G("good", 3, 0, 1000), G("opens"), at="has_beams"),
    scene(G("good"), G("asks", 3, 5, 1000), G("good", gap=120_000), at="has_beams"),
    scene(G("asks", 1, 5), G("brushes", 1, 2, 1000), G("brushes", 3, 3, 1000), at="has_beams"),
    scene(G("asks", 0, 5), G("moves", 3, 7, 2500), G("waits", gap=TIGHT.lights_off_ms), at="has_lights"),
    scene(G("rings", 3, 2), G("rings", 0, 3, 9000), G("good", gap=200), at="has_bell"),
    scene(G("burns", 0, 0), G("good", gap=200), G("opens", 0, 7, 1000)),
)
