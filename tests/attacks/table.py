"""Runs every attack for a year, and writes what it came to into docs/security.md.

``python -m tests.attacks.table``, from the top folder; it takes some minutes. A test repeats a piece of each.
What is written stands between ``<!-- attacked -->`` and ``<!-- /attacked -->``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from contract.codes import Kind
from tests.attacks import doubles, forger, insider, patient, plug
from tests.attacks.meter import YEAR_DAYS, Meter
from tests.attacks.target import NUMBERS, Target
from tests.attacks.visitors import Week, traffic

SECURITY = Path(__file__).parent.parent.parent / "docs" / "security.md"
ALL = (Kind.PHONE, Kind.STAFF, Kind.PAPER)
Work = Callable[[Target, Kind, float, Meter], None]


@dataclass(frozen=True)
class Attack:
    """One way to guess; ``days`` are simulated for the table and then repeat, ``piece`` for a test."""

    what: str
    work: Work
    days: float = YEAR_DAYS
    piece: float = 3
    every: int = 1
    kinds: tuple[Kind, ...] = ALL


@dataclass(frozen=True)
class Found:
    """What an attack on one kind came to."""

    kind: Kind
    meter: Meter
    days: float

    @property
    def chance(self) -> float:
        """In a year."""
        return self.meter.chance(self.days)


COLUMNS = ("what", "kind", "singles", "live", "pairs", "live pairs", "chance")
PAIRS = 2.0  # days: a year of pairs is that over and over again
ATTACKS = (
    Attack("single codes, at all numbers", patient.spread),
    Attack("single codes, all at one number", patient.one_number),
    Attack("single codes, and the plug after each", plug.single_codes),
    Attack("single codes, by a member, with refunds", insider.refunds, piece=8),
    Attack("single codes, the clock set by forged NTP and back", forger.single_codes, piece=1),
    Attack("single codes, the clock set by his own double code", insider.his_own_clock, kinds=(Kind.PHONE,)),
    Attack("pairs in a lockout", doubles.in_lockout, PAIRS, 0.05, 20),
    Attack("pairs at a number that failed a hundred times", doubles.at_a_number_that_failed, PAIRS, 0.05, 20),
    Attack("pairs in a lockout, time from NTP", doubles.without_server, PAIRS, 0.05, 100),
    Attack("pairs without a clock", doubles.without_clock, PAIRS, 0.05, 100),
    Attack("pairs without a clock, and the plug in the pauses", plug.pairs, PAIRS, 0.05, 100),
    Attack("pairs all the time, singles as they are earned", doubles.by_turns, PAIRS, 0.1, 200),
)


def attacked(attack: Attack, kind: Kind, days: float) -> Found:
    """Let him work so many days at a new door."""
    meter = Meter(attack.every)
    attack.work(Target(), kind, days, meter)
    return Found(kind, meter, days)


def worst(attack: Attack) -> Found:
    """Of all kinds of codes the one that he guesses best, by a piece; and that for as long as it takes."""
    pieces = [attacked(attack, kind, attack.piece) for kind in attack.kinds]
    return attacked(attack, max(pieces, key=lambda found: found.chance).kind, attack.days)


def row(what: str, text: str) -> dict[str, str]:
    """A line of the table as it stands in the document, by the names of its columns."""
    (found,) = [one for one in text.splitlines() if one.startswith(f"| {what} |")]
    cells = [cell.strip().replace(",", "") for cell in found.strip("|").split("|")]
    return dict(zip(COLUMNS, cells, strict=True))


def line(attack: Attack, found: Found) -> str:
    """The attack in the table."""
    meter, days = found.meter, found.days
    cells = (
        attack.what,
        found.kind.value,
        f"{meter.singles_a_year(days):,}" if meter.singles else "",
        f"{meter.live + meter.later}" if meter.singles else "",
        f"{meter.pairs_a_year(days):,}" if meter.live_pairs else "",
        f"{meter.live_pairs:,}" if meter.live_pairs else "",
        f"{100 * found.chance:.2g} %",
    )
    return f"| {' | '.join(cells)} |"


def attacks() -> Iterator[str]:
    """The table of attacks."""
    yield "| he types | worst kind | singles a year | live | pairs a year | live | chance in a year |"
    yield "|---|---|---|---|---|---|---|"
    for attack in ATTACKS:
        yield line(attack, worst(attack))


MEMBERS = {
    Kind.PHONE: tuple(f"{number:04}" for number in range(1, 400)),
    Kind.STAFF: NUMBERS[Kind.STAFF][:6],
    Kind.PAPER: NUMBERS[Kind.PAPER][:40],
}
HONEST = ((0.1, 3), (0.2, 3), (0.1, 20), (0.2, 20))  # share of mistakes, passers-by who play, a day
WEEKS = 8


def honest(typos: float, players: int, days: int) -> Week:
    """So many days of members, and of nobody who means harm."""
    return traffic(Target(), MEMBERS, days=days, typos=typos, players=players)


def weeks() -> Iterator[str]:
    """The table of honest traffic."""
    names = ("mistakes", "players a day", "visits", "needed a second code", "not let in", "lockouts a week")
    yield f"| {' | '.join(names)} | least tokens |"
    yield "|---|---|---|---|---|---|---|"
    for typos, players in HONEST:
        week = honest(typos, players, 7 * WEEKS)
        shares = f"{100 * week.doubled:.2f} % | {100 * week.refused:.2f} %"
        often = f"{week.lockouts / WEEKS:.1f} | {week.least:.1f}"
        yield f"| {100 * typos:.0f} % | {players} | {len(week.visits):,} | {shares} | {often} |"


def written(text: str, name: str, table: str) -> str:
    """The document with a table anew."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, _, rest = text.partition(begin)
    return f"{before}{begin}\n{table}\n\n{end}{rest.partition(end)[2]}"


if __name__ == "__main__":
    for name, rows in (("attacked", attacks), ("visited", weeks)):
        table = "\n".join(rows())
        print(table, flush=True)
        SECURITY.write_text(written(SECURITY.read_text("utf-8"), name, table), "utf-8")
