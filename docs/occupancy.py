"""Writes into ``docs/occupancy.md`` how well the door counts, and draws ``docs/occupancy.svg``.

``python -m docs.occupancy``, from the top folder, plays months of a room (``crowd.py``) past the real core and
past the counters that people build. ``make test`` plays the first week again and compares; so does ``make
test-all`` with the months.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from docs.crowd import DAY, HOUR, MINUTE, Crowd, Happening
from docs.draw import ROOT, redrawn
from door.events import (
    Asked,
    Beam,
    BeamChanged,
    ContactChanged,
    ExitPressed,
    MotionChanged,
    ServerTime,
)
from door.rules import Rules
from tests.house import KEY, House

DOCUMENT, PICTURE = ROOT / "docs" / "occupancy.md", ROOT / "docs" / "occupancy.svg"
SEED, DAYS, SAMPLE_DAYS, DRAWN_DAYS = 20261124, 90, 7, 14
LOOK = 5 * MINUTE  # how often the counts are compared


class CoreCounter:
    """The door's own core, with some sensors fitted."""

    def __init__(self, *, beams: bool = False, motion: bool = False) -> None:
        self.house = House(rules=Rules("yuexin", KEY, has_beams=beams, has_motion=motion))
        self.house.post(Asked("1", "count", {"count": 0}, "admin"))
        self.began, self.told_at, self.visitor = self.house.unix_ms, 0, 0

    @property
    def count(self) -> int:
        """What it believes."""
        return self.house.state.occupancy.count

    @property
    def exact(self) -> bool:
        """Whether it says that it is sure."""
        return self.house.state.occupancy.confidence == "exact"

    def until(self, at: int) -> None:
        """Let time pass; the server tells the time twice a day."""
        while self.told_at + 12 * HOUR <= at:
            self.told_at += 12 * HOUR
            self.house.until(self.began + self.told_at)
            self.house.post(ServerTime(self.house.unix_ms))
        self.house.until(self.began + at)

    def happen(self, what: str, more: object) -> None:
        """Somebody does something at this door."""
        house, rules = self.house, self.house.rules
        match what, more:
            case "grant", _:
                self.visitor = self.visitor % 8_000 + 1
                house.at_once(house.code(f"{self.visitor:04}"))
            case "exit", _:
                house.post(ExitPressed())
            case ("open" | "close"), _:
                house.post(ContactChanged(what == "open"))
            case "beam", (beam, broken) if rules.has_beams:
                house.post(BeamChanged(Beam(beam), broken, house.now))
            case "motion", bool() as moving if rules.has_motion:
                house.post(MotionChanged(moving))
            case "cut", _:
                house.power_cut(30)
        house.log.clear()


@dataclass
class ButtonCounter:
    """What a simple lock does: one more for a code, one less for the exit button."""

    count: int = 0
    exact: bool = False

    def until(self, at: int) -> None:
        """Nothing happens by itself."""

    def happen(self, what: str, more: object) -> None:  # noqa: ARG002  (a code is a code)
        """Count."""
        self.count = max(0, self.count + {"grant": 1, "exit": -1}.get(what, 0))


@dataclass
class FirstBeamCounter:
    """What most hobby projects do with two beams: whichever is broken first says which way."""

    count: int = 0
    exact: bool = False
    broken: set[str] = field(default_factory=set)

    def until(self, at: int) -> None:
        """Nothing happens by itself."""

    def happen(self, what: str, more: object) -> None:
        """Count."""
        if what == "beam":
            beam, broken = more  # type: ignore[misc]
            if broken and not self.broken:
                self.count = max(0, self.count + (1 if beam == "outer" else -1))
            (self.broken.add if broken else self.broken.discard)(beam)


COUNTERS: dict[str, Callable[[], CoreCounter | ButtonCounter | FirstBeamCounter]] = {
    "this door, beams and motion": lambda: CoreCounter(beams=True, motion=True),
    "this door, beams alone": lambda: CoreCounter(beams=True),
    "this door, motion alone": lambda: CoreCounter(motion=True),
    "this door, contact and button alone": CoreCounter,
    "plain counter, first beam broken": FirstBeamCounter,
    "plain counter, codes and button": ButtonCounter,
}
DRAWN = ("this door, beams and motion", "plain counter, first beam broken", "plain counter, codes and button")


@dataclass(frozen=True)
class Looks:
    """What a counter said each time somebody looked: how many are in, how many it believes, and is it sure."""

    looks: tuple[tuple[int, int, bool], ...]

    def __getitem__(self, days: int) -> Looks:
        return Looks(self.looks[: days * DAY // LOOK])

    def row(self) -> str:
        """Its figures, as cells of a table."""
        off = [abs(count - truth) for truth, count, _ in self.looks]
        sure = [abs(count - truth) for truth, count, exact in self.looks if exact]
        mean, within = sum(off) / len(off), sum(one <= 1 for one in off) / len(off)
        said = f"{len(sure) / len(off):.1%} | {sum(one == 0 for one in sure) / len(sure):.1%}" if sure else "– | –"
        return f"{mean:.2f} | {within:.1%} | {max(off)} | {said}"


def played(counter: CoreCounter | ButtonCounter | FirstBeamCounter, happenings: Sequence[Happening]) -> Looks:
    """Have one counter count it all."""
    return Looks(tuple(_looks(counter, happenings)))


def _looks(
    counter: CoreCounter | ButtonCounter | FirstBeamCounter, happenings: Sequence[Happening]
) -> Iterator[tuple[int, int, bool]]:
    truth, look = 0, LOOK
    for at, what, more in happenings:
        while look <= at:
            counter.until(look)
            yield truth, counter.count, counter.exact
            look += LOOK
        counter.until(at)
        truth = int(str(more)) if what == "inside" else truth
        counter.happen(what, more)


def all_looks(days: int) -> dict[str, Looks]:
    """Every counter past the same people; those of fewer days are the first of those of more."""
    happenings = [happening for happening in Crowd(SEED, DAYS).happenings() if happening[0] <= days * DAY]
    end: list[Happening] = [(days * DAY, "end", None)]
    return {name: played(make(), [*happenings, *end]) for name, make in COUNTERS.items()}


def table(looks: dict[str, Looks]) -> str:
    """The figures of all counters."""
    lines = [
        "| counter | mean error | within ±1 | worst | says exact | and then is |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([*lines, *(f"| {name} | {found.row()} |" for name, found in looks.items())])


def picture(looks: dict[str, Looks]) -> str:
    """The first fortnight as a drawing: how many were in, and what three counters believed."""
    width, height, top, hours = 960, 300, 24, DRAWN_DAYS * DAY // HOUR
    every = HOUR // LOOK
    most = max(count for name in DRAWN for _, count, _ in looks[name][DRAWN_DAYS].looks)
    most = max(most, 15)

    def line(values: Sequence[int]) -> str:
        points = [
            f"{40 + (width - 60) * n / hours:.1f},{top + (height - 60) * (1 - value / most):.1f}"
            for n, value in enumerate(values)
        ]
        return " ".join(points)

    truth = [look[0] for look in looks[DRAWN[0]][DRAWN_DAYS].looks][::every]
    floor = top + height - 60
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height + 60}" role="img" '
        'font-family="system-ui, sans-serif" font-size="13">',
        "<title>A fortnight of counting</title>",
        "<desc>How many were in the room, hour by hour, and what three counters believed. The count of this door "
        "lies on the truth; a counter that goes by the first beam, and one that goes by codes and button, drift.</desc>",
        f'<rect width="{width}" height="{height + 60}" fill="#FBF8F2"/>',
        f'<polygon points="40,{floor} {line(truth)} {width - 20},{floor}" fill="#1F2328" opacity="0.15"/>',
    ]
    for n in range(0, most + 1, 5):
        y = top + (height - 60) * (1 - n / most)
        parts.append(f'<line x1="40" x2="{width - 20}" y1="{y:.1f}" y2="{y:.1f}" stroke="#1F2328" opacity="0.12"/>')
        parts.append(f'<text x="32" y="{y + 4:.1f}" text-anchor="end" fill="#1F2328">{n}</text>')
    for day in range(DRAWN_DAYS):
        x = 40 + (width - 60) * (day + 0.5) / DRAWN_DAYS
        parts.append(f'<text x="{x:.1f}" y="{floor + 18}" text-anchor="middle" fill="#1F2328">day {day + 1}</text>')
    for n, (name, colour, dash) in enumerate(
        zip(DRAWN, ("#1F6F54", "#9A5B00", "#A3281E"), ("", "6 3", "2 3"), strict=True)
    ):
        values = [look[1] for look in looks[name][DRAWN_DAYS].looks][::every]
        style = f'fill="none" stroke="{colour}" stroke-width="2" stroke-dasharray="{dash}"'
        parts.append(f'<polyline points="{line(values)}" {style}/>')
        x, y = 40 + 300 * n, floor + 48
        parts.append(f'<line x1="{x}" x2="{x + 28}" y1="{y - 4}" y2="{y - 4}" {style}/>')
        parts.append(f'<text x="{x + 34}" y="{y}" fill="#1F2328">{name}</text>')
    parts.append(f'<rect x="40" y="{floor + 60}" width="28" height="10" fill="#1F2328" opacity="0.15"/>')
    parts.append(f'<text x="74" y="{floor + 70}" fill="#1F2328">in the room</text></svg>')
    return "\n".join(parts) + "\n"


def drawn(days: int) -> dict[str, str]:
    """What is written, by its place in the document."""
    looks = all_looks(days)
    found = {"first week": table({name: one[SAMPLE_DAYS] for name, one in looks.items()})}
    return found if days < DAYS else {**found, "months": table(looks)}


if __name__ == "__main__":
    counted = all_looks(DAYS)
    places = {
        "first week": table({name: one[SAMPLE_DAYS] for name, one in counted.items()}),
        "months": table(counted),
    }
    DOCUMENT.write_text(redrawn(DOCUMENT.read_text("utf-8"), places), "utf-8")
    PICTURE.write_text(picture(counted), "utf-8")
