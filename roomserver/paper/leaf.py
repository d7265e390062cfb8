"""How a page of paper is made: its template, its style, and whose room it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from roomserver.place import Place

HERE = Path(__file__).parent
STYLE = HERE.parent / "pages" / "static" / "paper.css"
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
DAYS = "Mon Tue Wed Thu Fri Sat Sun".split()
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

_environment = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Frame:
    """What stands around a page of paper that is opened in a browser: addresses, and a form's buttons.

    Without one the page is a file by itself, with its style inside.
    """

    style: str  # address of the style sheet
    script: str  # of the script behind the button that prints
    back: str  # where to go on


@dataclass(frozen=True, slots=True)
class Day:
    """A date as it is printed."""

    of: date

    @property
    def zh(self) -> str:
        """``11月24日``."""
        return f"{self.of.month}月{self.of.day}日"

    @property
    def en(self) -> str:
        """``24 Nov``."""
        return f"{self.of.day} {MONTHS[self.of.month - 1]}"

    @property
    def weekday(self) -> str:
        """``周二 Tue``."""
        return f"{WEEKDAYS[self.of.weekday()]} {DAYS[self.of.weekday()]}"


def day(t: int, zone: tzinfo) -> Day:
    """The date of Unix second ``t``."""
    return Day(datetime.fromtimestamp(t, zone).date())


def leaf(place: Place, template: str, now: int, frame: Frame | None = None, **values: object) -> str:
    """A page of paper as HTML."""
    codes = place.settings.codes.codes()
    style = Markup(STYLE.read_text("utf-8"))  # noqa: S704  (our own file, not a reader's text)
    given = {
        "room": codes.room,
        "notices": place.settings.notices,
        "origin": place.origin,
        "today": day(now, codes.time_zone),
        "year": datetime.fromtimestamp(now, codes.time_zone).year,
        "frame": frame,
        "style": style,
    }
    return _environment.get_template(template).render(given | values)
