"""Which logs have had a gap for 30 s and are to be asked for again; pure, the caller brings the clock."""

from __future__ import annotations

from dataclasses import dataclass

GAP_SECONDS = 30
MOST_SECONDS = 3600  # a door that is silent is asked ever more rarely


@dataclass(frozen=True, slots=True)
class Missing:
    """Rows of ``log`` from ``seq`` on are to be sent again by ``door``."""

    door: str
    log: str
    seq: int


@dataclass(slots=True)
class _Open:
    seq: int
    due: float
    wait: float = GAP_SECONDS


class Gaps:
    """The open gaps; times are seconds of a monotonic clock."""

    def __init__(self) -> None:
        self._open: dict[tuple[str, str], _Open] = {}

    def saw(self, door: str, log: str, *, through: int, top: int, now: float) -> None:
        """A log is gapless up to ``through``, and row ``top`` is known to be."""
        if top <= through:
            self._open.pop((door, log), None)
            return
        known = self._open.get((door, log))
        if known is None or known.seq != through + 1:  # progress: the door is at it
            self._open[door, log] = _Open(through + 1, now + GAP_SECONDS)

    def due(self, now: float) -> list[Missing]:
        """What is to be asked for now; each is due again after twice as long."""
        asked = []
        for (door, log), gap in self._open.items():
            if gap.due <= now:
                asked.append(Missing(door, log, gap.seq))
                gap.wait = min(2 * gap.wait, MOST_SECONDS)
                gap.due = now + gap.wait
        return asked

    def timer(self) -> float | None:
        """When ``due`` has something next; None while there is no gap."""
        return min((gap.due for gap in self._open.values()), default=None)
