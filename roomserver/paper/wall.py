"""What hangs at the door and what lies in the drawer: the notice for everybody, the page for a successor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from contract.hours import Hours, Span
from roomserver.commandline import qr
from roomserver.notify import words
from roomserver.notify.settings import Event
from roomserver.paper.cues import SHOWN_MS, SIGNS
from roomserver.paper.leaf import DAYS, WEEKDAYS, Frame, leaf
from roomserver.place import Opened
from roomserver.residents import phone
from roomserver.room import timetable
from roomserver.wire import doors, terms

Words = tuple[str, str]

# What a successor must know beyond what is told at the time; the administrator's page has the commands.
OTHER_ALARMS: Sequence[tuple[str, Words, Words]] = (
    (
        "keypad-lost",
        ("键盘没有反应", "Keypad lost"),
        (
            "看一看键盘的线；先用钥匙开门，再找管理员。",
            "Look at its cable; use the key, call the administrator.",
        ),
    ),
    (
        "display-lost",
        ("显示屏没有反应", "Display lost"),
        ("看一看它的插头；没有它也能进门。", "Look at its plug; members get in without it."),
    ),
    ("keypad-stuck", ("有键按住不放", "Key stuck"), ("清理键盘。", "Clean the keypad.")),
    (
        "power-failed",
        ("停电，门用电池", "Mains failed"),
        ("看一看电闸；电池能用几个小时。", "Look at the breaker; the battery lasts some hours."),
    ),
    ("undervoltage", ("电源太弱", "Weak supply"), ("请管理员换电源。", "The administrator changes it.")),
    (
        "clock-untrusted",
        ("门不知道时间", "Clock not trusted"),
        (
            "进门要输入两个号码；请管理员对时。",
            "The door asks for two codes; the administrator sets its clock.",
        ),
    ),
    (
        "list-stale",
        ("一天没有联系服务器", "A day without the server"),
        ("看一看网络；十四天后纸和卡会失效。", "Look at the network; after 14 days paper and cards stop."),
    ),
    (
        "beam-blocked",
        ("门口的红外线被挡住", "Beam blocked"),
        ("把挡住的东西移开。", "Take away what stands in the doorway."),
    ),
)


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm, what it is, and what to do."""

    word: str
    name: Words
    do: Words


def alarms() -> list[Alarm]:
    """Every alarm a committee hears of, the urgent first."""
    told = [Alarm(event, words.SHORT[event], words.LONG[event]) for event in Event if event != Event.BELL]
    return told + [Alarm(*other) for other in OTHER_ALARMS]


def notice(opened: Opened, now: int, frame: Frame | None = None) -> str:
    """The notice for the door: how to get in, the five cues, the rules, whom to call."""
    with opened.database.read() as session:
        rules = terms.rules_json(session)
    hours = phone.hours(rules)
    place = opened.place
    return leaf(
        place,
        "notice.html",
        now,
        frame,
        signs=SIGNS,
        shown_ms=SHOWN_MS,
        hours=None if hours.always else _week(hours),
        codes=place.settings.codes.codes(),
        picture=Markup(qr.svg(place.origin, fits=True)),  # noqa: S704  (a picture made here)
    )


def handover(opened: Opened, now: int, frame: Frame | None = None) -> str:
    """The page for a successor: keys, the sealed card, who is told, and what to do at each alarm."""
    with opened.database.read() as session:
        names = [door.name for door in doors.listed(session)]
    settings = opened.place.settings
    return leaf(
        opened.place,
        "handover.html",
        now,
        frame,
        doors=names,
        ways=[(way.name, way.kind) for way in settings.notify],
        alarms=alarms(),
        provider=settings.identity.provider,
    )


def _week(hours: Hours) -> list[tuple[str, str, str]]:
    """Days in both languages, and their hours."""
    return [(_span(WEEKDAYS, one), _span(DAYS, one), _hours(one.spans)) for one in timetable.week(hours)]


def _hours(spans: Sequence[Span]) -> str:
    if list(spans) == [(0, timetable.DAY_MINUTES)]:
        return "全天 all day"
    return ", ".join(map(timetable.span_text, spans)) or "不开放 closed"


def _span(names: Sequence[str], days: timetable.Days) -> str:
    first, last = names[days.first], names[days.last]
    return first if first == last else f"{first}–{last}"
