"""What is said of each event, in Chinese and English: what happened, and what to do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo

from roomserver.notify.message import Message, Told
from roomserver.notify.settings import Event

Words = tuple[str, str]

SHORT: Mapping[str, Words] = {
    Event.FIRE: ("火警", "Fire alarm"),
    Event.FORCED: ("门被强行打开", "Door forced"),
    Event.TAMPER: ("设备被打开", "Tampering"),
    Event.HELD: ("门没有关", "Door left open"),
    Event.LOCKOUT: ("多次输错号码", "Many wrong codes"),
    Event.BELL: ("有人按铃", "Doorbell"),
    Event.STORE_FAILED: ("门的存储出了故障", "Store failed"),
    Event.OFFLINE: ("门没有联网", "Door offline"),
    Event.RECORDS: ("门的记录对不上", "Records do not add up"),
}
LONG: Mapping[str, Words] = {
    Event.FIRE: (
        "消防报警触点动作，门已放开。先让所有人离开，再打 119。",
        "The fire alarm's contact spoke; the door is free. Get everybody out, then call 119.",
    ),
    Event.FORCED: (
        "门没有经过号码或出门按钮就开了。请去看一看门和门磁。",
        "The door opened without a code and without the exit button. Look at the door and its magnet.",
    ),
    Event.TAMPER: (
        "设备外壳被打开，或者线断了。请去看一看键盘和控制盒。",
        "A housing was opened, or a wire is cut. Look at the keypad and the box.",
    ),
    Event.HELD: ("门一直开着。请关门。", "The door was left open. Close it."),
    Event.LOCKOUT: (
        "有人多次输错号码，现在进门要连续输入两个号码。不用处理，两小时内自行恢复。",
        "Many wrong codes were typed, so the door asks for two in a row. It ends by itself within two hours.",
    ),
    Event.BELL: ("有人在门口按铃。", "Somebody rings at the door."),
    Event.STORE_FAILED: (
        "门记不下记录，现在进门要连续输入两个号码。请联系管理员。",
        "The door cannot write its records and asks for two codes in a row. Call the administrator.",
    ),
    Event.OFFLINE: (
        "十分钟没有门的消息。门照常开，记录以后补送。请看看路由器和电源。",
        "Not heard for ten minutes. The door still opens, its records follow. Look at router and power.",
    ),
    Event.RECORDS: (
        "有记录丢失、接不上或签名不对。请看网页上的“警报”。",
        "Records are lost, do not follow, or are not the door's. See Alarms on the committee's pages.",
    ),
}
OVER: Mapping[str, Words] = {  # after the short words
    Event.FIRE: ("{at} 消防报警触点恢复了。", "the contact is quiet again since {at}."),
    Event.TAMPER: ("{at} 设备又关好了。", "closed again since {at}."),
    Event.HELD: ("{at} 门关上了。", "closed again since {at}."),
    Event.LOCKOUT: ("{at} 起又只要一个号码。", "one code is enough again since {at}."),
    Event.STORE_FAILED: ("{at} 起又能记下记录。", "it can write its records again since {at}."),
    Event.OFFLINE: ("{at} 又有门的消息了。", "it is heard again since {at}."),
}
OVER_SHORT: Words = ("{short}（结束）", "{short} (over)")
OVER_LONG: Words = ("{short}：{over}", "{short}: {over}")
COUNTED: Words = ("{door} · {from_} 至 {to}，共 {count} 次", "{door} · {count} times, {from_} to {to}")
ONCE: Words = ("{door} · {to}", "{door} · {to}")
TRIAL_SHORT: Words = ("测试", "Test")
TRIAL: Words = ("这是一条测试消息：警报会发到这里。", "This is a test: alarms will arrive here.")


def message(id_: str, told: Sequence[Told], room: str, language: str, zone: tzinfo) -> Message:
    """All of ``told`` in one message, a line for each and each language (``zh``, ``en`` or ``both``)."""
    spoken = _spoken(language)
    titles = [" · ".join(dict.fromkeys(_short(one, which) for one in told)) for which in spoken]
    lines = [_line(one, which, zone) for one in told for which in spoken]
    return Message(id_, f"{room}: {' / '.join(titles)}", tuple(lines), tuple(told))


def trial(id_: str, room: str, language: str) -> Message:
    """What ``roomserver notify test`` sends."""
    spoken = _spoken(language)
    title = " / ".join(TRIAL_SHORT[which] for which in spoken)
    return Message(id_, f"{room}: {title}", tuple(TRIAL[which] for which in spoken))


def _spoken(language: str) -> tuple[int, ...]:
    return {"zh": (0,), "en": (1,)}.get(language, (0, 1))


def _short(one: Told, which: int) -> str:
    short = SHORT[one.event][which]
    return short if one.over is None else OVER_SHORT[which].format(short=short)


def _line(one: Told, which: int, zone: tzinfo) -> str:
    first, last = (datetime.fromtimestamp(t, zone) for t in (one.first, one.last))
    from_ = f"{first:%m-%d %H:%M}"
    to = f"{last:%H:%M}" if first.date() == last.date() and one.count > 1 else f"{last:%m-%d %H:%M}"
    when = (COUNTED if one.count > 1 else ONCE)[which]
    return f"{when.format(door=one.door, from_=from_, to=to, count=one.count)}\n{_long(one, which, zone)}"


def _long(one: Told, which: int, zone: tzinfo) -> str:
    """What to do; of what is over there is nothing to do any more."""
    if one.over is None:
        return LONG[one.event][which]
    over = OVER[one.event][which].format(at=f"{datetime.fromtimestamp(one.over, zone):%m-%d %H:%M}")
    return OVER_LONG[which].format(short=SHORT[one.event][which], over=over)
