"""What the panel says in Chinese and English: a sentence for each row, reason, alarm and deed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Both = tuple[str, str]

# By the row's type. {who}: the member number, {why}: the reason in words, {count}: of the detail.
ROWS: Mapping[str, Both] = {
    "log-began": ("开始新的记录簿", "A new log begins"),
    "started": ("门禁已启动", "The door has started"),
    "stopped": ("门禁已停止", "The door has stopped"),
    "granted": ("{who} 的号码正确,开门", "The code of {who} was right: it opens"),
    "denied": ("没有开门:{why}", "It stays shut: {why}"),
    "entered": ("{who} 进来了", "{who} went in"),
    "left": ("有人离开了", "Somebody left"),
    "bell": ("有人按铃", "Somebody rings"),
    "lockout": ("错误太多:从现在起要两个号码", "Too many wrong guesses: two codes from now on"),
    "lockout-ended": ("恢复单个号码", "One code is enough again"),
    "held": ("门一直开着", "The door stands open"),
    "held-ended": ("门关上了", "The door is shut again"),
    "forced": ("门没有开锁就被打开", "The door was opened without being unlocked"),
    "forced-ended": ("门关上了", "The door is shut again"),
    "tamper": ("设备盒被打开", "A housing was opened"),
    "tamper-ended": ("设备盒关上了", "The housing is shut again"),
    "fire": ("火警:门已放开", "Fire: the door is free"),
    "fire-ended": ("火警解除", "The fire alarm is over"),
    "mode": ("运行方式改变", "The mode has changed"),
    "unlocked": ("由管理员开门", "Opened by an administrator"),
    "revoked": ("{who} 的号码已停用", "The codes of {who} were withdrawn"),
    "reinstated": ("{who} 的号码已恢复", "{who} was reinstated"),
    "list": ("收到新的名单", "A new list has come"),
    "clock": ("时间来源改变", "The time comes from elsewhere"),
    "count": ("室内人数改为 {count}", "The count is now {count}"),
    "rules": ("收到新的规则", "New rules are in force"),
    "fault": ("出现故障:{why}", "Something is wrong: {why}"),
    "fault-ended": ("故障消除:{why}", "It is well again: {why}"),
    "command": ("收到命令", "A command has come"),
    "gap": ("有些记录已经没有了", "Some rows are no more"),
    "forgotten": ("{who} 的资料已删除", "{who} was forgotten"),
}

WHY: Mapping[str, Both] = {
    "unknown-code": ("号码不对", "not a present code"),
    "early-code": ("号码的时间还没到", "a code whose time has not come"),
    "wrong-length": ("位数不对", "too few or too many digits"),
    "late-code": ("号码已经过期", "a code that had run out"),
    "used-code": ("号码已经用过了", "a code that was used"),
    "revoked": ("号码已停用", "the number was withdrawn"),
    "suspended": ("使用权暂停", "access is paused"),
    "outside-hours": ("现在不开放", "the room is closed"),
    "room-full": ("座位已满", "all seats are taken"),
    "lockdown": ("自习室暂停开放", "the room is closed for the moment"),
    "too-many-entries": ("半小时内进入次数太多", "too many entries in half an hour"),
    "lease-ended": ("太久没有联系服务器", "too long without the server"),
    "held": ("门一直开着", "the door stands open"),
    "forced": ("门被强行打开", "the door was forced"),
    "tamper": ("设备盒被打开", "a housing is open"),
    "lockout": ("要两个号码", "two codes are asked for"),
    "fire": ("火警", "fire"),
    "store-failed": ("存储失效", "the disk does not do its part"),
    "keypad-lost": ("键盘失去联系", "the keypad is lost"),
    "keypad-stuck": ("按键卡住", "a key is stuck"),
    "clock-untrusted": ("不知道确切时间", "the time is not certain"),
    "clock-disagrees": ("时钟互相矛盾", "two clocks disagree"),
    "list-stale": ("名单太旧", "the list is old"),
    "audit-fork": ("记录与服务器不一致", "the server has other rows"),
    "display-lost": ("显示屏失去联系", "the display is lost"),
    "undervoltage": ("电压太低", "the supply is too weak"),
    "power-failed": ("停电,用电池运行", "the mains is off, the battery carries it"),
    "beam-blocked": ("光束被挡住", "a beam is blocked"),
    "rows-lost": ("有些记录没能保存", "some rows could not be kept"),
}

# What a visitor does with a switch: its name, and whether it was switched on.
DEEDS: Mapping[tuple[str, bool], Both] = {
    ("power", True): ("来电了", "The power is back"),
    ("power", False): ("停电了", "The power is cut"),
    ("network", True): ("网络恢复", "The network is back"),
    ("network", False): ("网线被拔掉", "The network is cut"),
    ("broker", True): ("消息服务恢复", "The broker is back"),
    ("broker", False): ("消息服务断开", "The broker is cut off"),
    ("disk", True): ("磁盘恢复", "The disk works again"),
    ("disk", False): ("磁盘不能写了", "The disk takes nothing any more"),
    ("battery", True): ("装上时钟电池", "The clock has a battery now"),
    ("battery", False): ("取下时钟电池", "The clock has no battery now"),
    ("tampered", True): ("有人打开设备盒", "Somebody opens the housing"),
    ("tampered", False): ("设备盒关上了", "The housing is shut"),
    ("burning", True): ("火警响了", "The fire alarm goes off"),
    ("burning", False): ("火警停了", "The fire alarm is quiet"),
    ("mains_failed", True): ("市电断了,电池供电", "The mains fails, the battery takes over"),
    ("mains_failed", False): ("市电恢复", "The mains is back"),
    ("moving", True): ("屋里有人走动", "Somebody stirs in the room"),
    ("moving", False): ("屋里安静下来", "The room is still"),
    ("chair", True): ("用椅子挡住门", "A chair is put into the door"),
    ("chair", False): ("椅子拿走了", "The chair is taken away"),
}


def sentence(row: Mapping[str, Any]) -> Both:
    """A row in words; its type itself where there are none."""
    kind = str(row.get("type"))
    zh, en = ROWS.get(kind, (kind, kind))
    detail = row.get("detail")
    detail = detail if isinstance(detail, dict) else {}
    reason = str(row.get("reason") or detail.get("fault") or "")
    why = WHY.get(reason, (reason, reason))
    who, count = row.get("member") or "–", detail.get("count", "")
    return zh.format(who=who, why=why[0], count=count), en.format(who=who, why=why[1], count=count)
