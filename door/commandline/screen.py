"""The screen of ``door status``: one look at everything, each thing in words, what needs a hand in colour."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Any

from door.commandline import rows, times, words
from door.commandline.advice import advice
from door.commandline.clock import offset
from door.commandline.words import Tone

SURE = {
    "exact": "exact, counted by beams",
    "estimate": "an estimate",
    "unknown": "not sure: people came and went unseen",
}
MODES = {"normal": Tone.GOOD, "lockdown": Tone.BAD, "open": Tone.CARE}


def lines(status: Mapping[str, Any], last: Sequence[str], zone: tzinfo) -> Iterator[str]:
    """The screen of a running door; ``last`` are its newest rows."""
    health, state, now = status["health"], status["state"], status["health"]["at"]
    title = f"{status['door']}  {datetime.fromtimestamp(now, zone):%a %Y-%m-%d %H:%M:%S %Z}"
    yield words.tint(title, Tone.TITLE)
    yield ""
    yield from _lock(state)
    yield from _mode(state, zone, now)
    yield from _room(status["occupancy"], zone, now)
    yield from _clock(health["clock"])
    yield from _server(status, zone, now)
    yield from _machine(health)
    yield ""
    yield from tail(last, zone, now)
    yield ""
    yield from alarms(state["alarms"])


def stopped(facts: Mapping[str, Any], outstanding: int, last: Sequence[str], zone: tzinfo) -> Iterator[str]:
    """What a stopped door last knew."""
    yield words.tint("No door runs here. What it last knew:", Tone.BAD)
    yield ""
    mode, room = facts.get("mode"), facts.get("occupancy")
    yield from words.entry("mode", str(mode.get("mode")) if isinstance(mode, dict) else "normal")
    if isinstance(room, dict):
        yield from words.entry("room", f"{room.get('count')} in, when it was last counted")
    yield from words.entry("known past", times.shown(facts.get("known_past"), zone))
    yield from words.entry("list", times.shown(facts.get("list_at"), zone))
    yield from words.entry("outbox", _outbox(outstanding))
    yield ""
    yield from tail(last, zone, None)


def tail(last: Sequence[str], zone: tzinfo, now: int | None) -> Iterator[str]:
    """The newest rows; those of today without their date."""
    yield words.tint("Last rows", Tone.TITLE)
    if not last:
        yield "  none can be read by you: try it with sudo"
    for text in last:
        row = rows.parsed(text)
        today = now is not None and _day(row["at"], zone) == _day(now, zone)
        line = rows.line(row, zone, date=not today)
        yield "  " + (line if len(line) <= words.width() - 2 else line[: words.width() - 3] + "…")


def alarms(present: Sequence[str]) -> Iterator[str]:
    """What is wrong now, each with what to do."""
    if not present:
        yield words.tint("Alarms: none", Tone.GOOD)
        return
    yield words.tint(f"Alarms: {len(present)}", Tone.BAD)
    for alarm in present:
        yield from words.entry(alarm, advice(alarm), indent=17)


def _lock(state: Mapping[str, Any]) -> Iterator[str]:
    locked = state["lock"] == "LOCKED"
    yield from words.entry("lock", state["lock"].lower(), Tone.GOOD if locked else Tone.CARE)
    leaf = state["door"] or "unknown: no door contact is fitted"
    yield from words.entry("door", leaf, Tone.CARE if state["door"] == "open" else None)


def _mode(state: Mapping[str, Any], zone: tzinfo, now: int) -> Iterator[str]:
    until = f", until {times.shown(state['until'], zone, now=now)}" if state["until"] else ""
    yield from words.entry("mode", state["mode"] + until, MODES.get(state["mode"]))
    if state["lockout"]:
        yield from words.entry("guesses", "lockout, two codes in a row open", Tone.CARE)


def _room(room: Mapping[str, Any], zone: tzinfo, now: int) -> Iterator[str]:
    known = f"; last known right {times.shown(room['since'], zone, now=now)}" if room["since"] else ""
    sure = SURE.get(room["confidence"], room["confidence"])
    yield from words.entry("room", f"{room['count']} in, {room['capacity']} seats, {sure}{known}")


def _clock(clock: Mapping[str, Any]) -> Iterator[str]:
    trust, tone = ("trusted", Tone.GOOD) if clock["trusted"] else ("not trusted", Tone.CARE)
    yield from words.entry("clock", f"{clock['source']}, {trust}, {offset(clock['offset_ms'])}", tone)


def _server(status: Mapping[str, Any], zone: tzinfo, now: int) -> Iterator[str]:
    health, link = status["health"], status["health"]["link"]
    heard = f"last answer {_ago(link['at'], now)}" if link["at"] else "no answer since the door started"
    yield from words.entry("link", f"{'up' if link['up'] else 'down'}, {heard}", _tone(link["up"]))
    since = f"since {times.shown(status['broker_since'], zone, now=now)}"
    broker = "connected" if status["broker"] else "away"
    yield from words.entry("broker", f"{broker}, {since}", _tone(status["broker"]))
    audit = health["audit"]
    waiting = max(health["outbox"]["rows"], audit["seq"] - audit["ack"])
    oldest = health["outbox"]["oldest"]
    yield from words.entry(
        "outbox", _outbox(waiting) + (f", the oldest {_ago(oldest, now)}" if oldest else "")
    )
    told = health["list"]
    age = (
        f"revision {told['revision']}, {_ago(told['at'], now)}"
        if told["at"]
        else "none yet, never told by a server"
    )
    yield from words.entry("list", age)


def _machine(health: Mapping[str, Any]) -> Iterator[str]:
    store = health["store"]
    late = f", {store['late_grants']} entries recorded late" if store["late_grants"] else ""
    said = f"{'ok' if store['ok'] else 'failed'}, last commit {store['commit_ms']} ms{late}"
    yield from words.entry("store", said, _tone(store["ok"]))
    for name, well in health["keypads"].items():
        yield from words.entry("keypad", f"{'ok' if well else 'lost'}, {name}", _tone(well))
    parts = [f"version {health['version']}", f"up {times.lasted(health['uptime_s'])}"]
    if health["cpu_c"] is not None:
        parts.append(f"{health['cpu_c']} °C")
    if health["disk_free_mb"] is not None:
        parts.append(f"{health['disk_free_mb']:,} MB free")
    yield from words.entry("machine", ", ".join(parts))


def _outbox(waiting: int) -> str:
    if not waiting:
        return "empty, the server has every row"
    return f"{waiting} row{'s wait' if waiting > 1 else ' waits'} for the server's acknowledgement"


def _tone(well: bool) -> Tone:
    return Tone.GOOD if well else Tone.CARE


def _ago(then: int | None, now: int) -> str:
    return "never" if then is None else f"{times.lasted(now - then)} ago"


def _day(unix: int, zone: tzinfo) -> Any:
    return datetime.fromtimestamp(unix, zone).date()
