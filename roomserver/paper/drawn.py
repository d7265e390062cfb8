"""What is printed of a member's codes: a sheet for days, a wallet card to be sealed, a QR code for staff."""

from __future__ import annotations

from dataclasses import dataclass, field

from markupsafe import Markup

from contract.codes import Codes, Kind
from roomserver.commandline import qr
from roomserver.commandline.show import grouped
from roomserver.paper.leaf import Day, Frame, day, leaf
from roomserver.place import Place
from roomserver.residents.issue import Drawn

LINES_ON_A_PAGE = 14


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a sheet or a card: the code, and the one that goes with it."""

    code: str = field(repr=False)
    second: str = field(repr=False)
    day: Day
    pair: int


def page(place: Place, drawn: Drawn, now: int, frame: Frame | None = None) -> str:
    """Whatever was drawn, as a page to print; phone codes live for minutes and are not printed."""
    codes = place.settings.codes.codes()
    match drawn.kind:
        case Kind.STAFF:
            picture = Markup(qr.svg(drawn.uri or "", fits=True))  # noqa: S704  (made here, of digits and letters)
            return leaf(place, "authenticator.html", now, frame, member=drawn.member, picture=picture)
        case Kind.CARD:
            lines = _lines(drawn, codes)
            return leaf(place, "card.html", now, frame, member=drawn.member, lines=lines, codes=codes)
    lines = _lines(drawn, codes)
    pages = [lines[n : n + LINES_ON_A_PAGE] for n in range(0, len(lines), LINES_ON_A_PAGE)]
    return leaf(place, "sheet.html", now, frame, member=drawn.member, pages=pages, codes=codes)


def _lines(drawn: Drawn, codes: Codes) -> list[Line]:
    return [
        Line(
            grouped(one.digits, codes), grouped(one.second, codes), day(one.begins, codes.time_zone), one.step
        )
        for one in drawn.codes
    ]
