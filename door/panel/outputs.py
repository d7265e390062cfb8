"""What the machine's outputs do to the world: the strike lets go, the lamp shines, the buzzer sounds."""

from __future__ import annotations

from door.config import Config
from door.panel.journal import Journal
from door.timesource import moment

BEEPER_HZ = 2_300  # of a buzzer that beeps by itself


class Outputs:
    """Keeps the journal's ``out``, and tells each change of lamp and buzzer with its own time."""

    def __init__(self, config: Config, journal: Journal) -> None:
        self._journal = journal
        self._lock_high = config.lock.active_high
        self._lights_high = config.lights.active_high
        self._lit_at_rest = config.lights.at_rest == "on"
        self._tonal = config.indicator.tonal
        self._levels: dict[str, float | None] = {}
        self._tell()

    @property
    def unlocked(self) -> bool:
        """Whether the strike lets go."""
        return self._energised("lock.pin", self._lock_high)

    def set(self, pin: str, level: float | None, at: int) -> None:
        """An output has this level (a buzzer's: Hz) since ``at`` ms; None is low."""
        self._levels[pin] = level
        shown = self._tell()
        if pin.startswith("indicator.") or pin == "bell.chime":
            self._journal.flash("signal", at=at, lamp=shown["lamp"], tone=shown["tone"], chime=shown["chime"])

    def rest(self) -> None:
        """Without power."""
        self._levels.clear()
        self._tell()
        self._journal.flash("signal", at=moment(), lamp=[False] * 3, tone=None, chime=False)

    def _tell(self) -> dict[str, object]:
        tone = self._levels.get("indicator.buzzer")
        burning = self._energised("lights.pin", self._lights_high) is not self._lit_at_rest
        shown: dict[str, object] = {
            "unlocked": self.unlocked,
            "lamp": [bool(self._levels.get(f"indicator.{name}")) for name in ("red", "green", "blue")],
            "tone": round(tone if self._tonal else BEEPER_HZ) if tone else None,
            "chime": bool(self._levels.get("bell.chime")),
            "lights": burning,
        }
        self._journal.show(out=shown)
        return shown

    def _energised(self, pin: str, active_high: bool) -> bool:
        """A pin that nobody drives leaves its relay at rest, whichever level switches it."""
        return pin in self._levels and (self._levels[pin] is not None) is active_high
