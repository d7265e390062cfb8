"""The doors' rows and the server's alarms, in words."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "rows.title": ("门的记录", "The door's records"),
    "rows.filter": ("筛选", "Filter"),
    "rows.type": ("事项", "What happened"),
    "rows.day": ("到哪一天为止", "Up to the end of"),
    "rows.all": ("全部", "All of them"),
    "rows.none": ("没有记录。", "There is none."),
    "rows.unknown": ("看不懂的记录", "a record that is not understood"),
    "rows.help": (
        "每条记录都由门签过名，前后相连；收到后不能改，保存 {days} 天。",
        "Each is signed by its door and chained to the one before; it stays as it came, for {days} days.",
    ),
    "rows.flag.unknown-shape": ("格式看不懂，照样保存", "its form is not understood; kept all the same"),
    "rows.flag.unknown-type": ("比服务器新的事项", "newer than this server knows"),
    "rows.flag.not-learnt": ("没有照着它改名单", "the list was not changed by it"),
    "rows.flag.broken-chain": ("和前一条接不上", "does not follow the one before"),
    "rows.reason.unknown-code": ("号码不对", "not a present code"),
    "rows.reason.early-code": ("号码还没到时间", "the code was too early"),
    "rows.reason.wrong-length": ("位数不对", "the wrong number of digits"),
    "rows.reason.late-code": ("号码过期了", "the code had run out"),
    "rows.reason.used-code": ("号码用过了", "the code was used already"),
    "rows.reason.revoked": ("已停用", "withdrawn"),
    "rows.reason.suspended": ("暂停中", "paused"),
    "rows.reason.outside-hours": ("不在开放时间", "outside the hours"),
    "rows.reason.room-full": ("坐满了", "all seats were taken"),
    "rows.reason.lockdown": ("暂停开放", "closed to residents"),
    "rows.reason.too-many-entries": ("半小时内进得太多", "too many entries in half an hour"),
    "rows.reason.lease-ended": ("门太久没有联网", "the door had no link for too long"),
    "row.log-began": ("开始一本新的记录", "A new log began"),
    "row.started": ("门的程序启动", "The door's program started"),
    "row.stopped": ("门的程序停止", "The door's program stopped"),
    "row.granted": ("允许进门", "Let in"),
    "row.denied": ("没有允许进门", "Not let in"),
    "row.entered": ("有人进来", "Somebody went in"),
    "row.left": ("有人离开", "Somebody left"),
    "row.bell": ("有人按铃", "The bell was rung"),
    "row.lockout": ("输错太多，要输两个号码", "Too many wrong codes: two codes are asked for"),
    "row.lockout-ended": ("又只要一个号码", "One code is enough again"),
    "row.held": ("门开着没有关", "The door was held open"),
    "row.held-ended": ("门关上了", "The door was closed"),
    "row.forced": ("门被强行打开", "The door was forced"),
    "row.forced-ended": ("强行打开以后关上了", "The forced door was closed"),
    "row.tamper": ("设备的盖子被打开", "The case was opened"),
    "row.tamper-ended": ("设备的盖子关上了", "The case was closed"),
    "row.fire": ("火警，门已放开", "Fire: the door is free"),
    "row.fire-ended": ("火警结束", "The fire alarm ended"),
    "row.mode": ("换了方式", "The mode was changed"),
    "row.unlocked": ("由命令或按钮开门", "Unlocked by a command"),
    "row.revoked": ("停用了一个会员", "A member was withdrawn"),
    "row.reinstated": ("恢复了一个会员", "A member was reinstated"),
    "row.list": ("收到新的名单", "A new list arrived"),
    "row.clock": ("时钟有变化", "The clock changed"),
    "row.count": ("人数被改", "The count was set"),
    "row.rules": ("收到新的规则", "New rules arrived"),
    "row.fault": ("出了故障", "A fault"),
    "row.fault-ended": ("故障结束", "The fault ended"),
    "row.command": ("收到一个命令", "A command was taken"),
    "row.gap": ("有记录丢失", "Records are lost"),
    "row.forgotten": ("忘记了一个会员", "A member was forgotten"),
    "alarms.title": ("警报", "Alarms"),
    "alarms.lead": (
        "服务器在记录里发现的问题。门自己的警报在“现在”那一页。",
        "What the server noticed in the records. The door's own alarms are on the page “Now”.",
    ),
    "alarms.none": ("没有要处理的警报。", "No alarm waits."),
    "alarms.count": ("{count} 次", "{count} times"),
    "alarms.seen": ("已经处理", "I have seen to it"),
    "alarms.gone": ("处理过的", "Seen to"),
    "alarms.fork": ("门用了一份旧的记录", "The door went back to an older record"),
    "alarms.what.fork": (
        (
            "同一个序号收到了两条不同的记录：多半是门的存储卡换过，或者从旧的备份恢复了。两条都留着，门已经另起一本。"
            "请问管理员有没有换过卡；没有的话，要当作有人动过门。"
        ),
        (
            "Two different records came under one number: most likely the door's card was exchanged, or "
            "restored from an old copy. Both are kept, and the door began a new log. Ask the administrator "
            "whether a card was changed; if not, somebody has been at the door."
        ),
    ),
    "alarms.bad-hash": ("有一条记录的签名不对", "A record with a wrong signature"),
    "alarms.what.bad-hash": (
        (
            "有人用这扇门的名义发来记录，但不是用门的密钥签的；没有保存。偶尔一次，可能是刚换了密钥；"
            "反复出现，请管理员查看消息服务器的账号，必要时给门换密钥（roomserver door rekey）。"
        ),
        (
            "Something came in this door's name that was not signed with its key; it was not stored. Once, "
            "after a new key, is nothing; again and again, have the administrator look at the broker's "
            "accounts, and give the door a new key if need be (roomserver door rekey)."
        ),
    ),
    "alarms.broken-chain": ("两条记录接不上", "Two records do not follow each other"),
    "alarms.what.broken-chain": (
        "两条都保存了，但后一条不是接着前一条写的。请管理员查看门的存储（door verify）。",
        (
            "Both are stored, but the later was not written after the earlier. Have the administrator look "
            "at the door's store (door verify)."
        ),
    ),
    "alarms.gap": ("门丢了一些记录", "The door has lost records"),
    "alarms.what.gap": (
        "门说这些记录已经没有了，也没有到过这里：多半是断网太久，或者存储坏过。缺哪几条写在上面；别的不受影响。",
        (
            "The door says it no longer has these records, and they never arrived: most likely it was cut "
            "off for too long, or its disk failed. Which ones stands above; nothing else is affected."
        ),
    ),
    "alarms.unreadable-row": ("有一条记录放不进来", "A record that cannot be placed"),
    "alarms.what.unreadable-row": (
        "签名是对的，但是看不懂它排在哪里，没有保存。多半是门的程序比服务器新，请管理员更新服务器。",
        (
            "Its signature is right, but where it belongs is not understood; it was not stored. Most likely "
            "the door's program is newer: have the administrator update the server."
        ),
    ),
}
