"""What the committee prints, and who is told of alarms."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "committee.nav.paper": ("打印", "Paper"),
    "committee.nav.use": ("使用情况", "Use"),
    "committee.nav.notify": ("通知", "Notices"),
    "paper.title": ("打印", "Paper"),
    "paper.codes": ("给一位会员", "For a member"),
    "paper.number": ("会员号", "Member number"),
    "paper.what": ("打印什么", "What"),
    "paper.sheet": (
        "一张纸：每天一个号码（给没有手机的邻居）",
        "A sheet: a code a day, for who has no phone",
    ),
    "paper.card": ("一张应急卡：五对号码，折好封好", "A wallet card: five pairs, folded and sealed"),
    "paper.authenticator": ("志愿者的验证器二维码", "The QR code of a volunteer's authenticator"),
    "paper.days": ("几天（只对纸）", "For how many days (sheets)"),
    "paper.count": ("{count} 天", "{count} days"),
    "paper.door": ("哪扇门", "Which door"),
    "paper.draw": ("取号并打印", "Draw and print"),
    "paper.help": (
        "打印号码就是发号码，会记在操作记录里。再打一次同样的纸，号码不变。",
        "To print codes is to issue them, and is on record. The same sheet printed again has the same codes.",
    ),
    "paper.fault.nobody": ("没有这个会员号。", "There is no such member number."),
    "paper.fault.kind": (
        "这张纸不适合这位会员：号码纸只给用纸的会员，二维码只给志愿者，应急卡谁都可以有。",
        "Sheets are for paper members, QR codes for volunteers; a wallet card is for everybody.",
    ),
    "paper.fault.refused": (
        "这位会员现在不能取号：已停用、暂停，或者不在有效期内。",
        "This member draws no codes now: withdrawn, paused, or outside the dates.",
    ),
    "paper.fault.door": ("还没有门。", "There is no door yet."),
    "paper.wall": ("贴在墙上、放在抽屉里", "For the wall and the drawer"),
    "paper.notice": (
        "门口的须知：怎么进门、灯的意思、公约",
        "The notice at the door: how to get in, the lights",
    ),
    "paper.handover": (
        "交接：谁拿钥匙，遇到警报怎么办",
        "The hand-over: who holds the keys, what to do at alarms",
    ),
    "paper.report": ("使用情况的周报", "The weekly report on the use of the room"),
    "notify.title": ("警报通知", "Notices of alarms"),
    "notify.none": (
        "还没有人收到警报。管理员在 roomserver.toml 里写 [[notify]] 就可以设置。",
        "Nobody is told of alarms yet. The administrator sets it up with [[notify]] in roomserver.toml.",
    ),
    "notify.sent": ("最近发出", "Last sent"),
    "notify.never": ("还没有", "never"),
    "notify.waiting": ("等待发送", "Waiting"),
    "notify.failing": ("{since} 起发不出去：{error}", "Not sent since {since}: {error}"),
    "notify.retry": ("{when} 再试", "Tried again {when}"),
    "notify.test": ("发一条测试消息", "Send a test message"),
    "notify.tried": (
        "“{way}”发出了测试消息，请看看收到没有。",
        "Sent by {way}; look whether it has arrived.",
    ),
    "notify.failed": ("“{way}”没有发出去：{error}", "Not sent by {way}: {error}"),
    "notify.untold": ("警报现在发不到：{ways}", "Alarms do not reach: {ways}"),
    "notify.kind.email": ("电子邮件", "e-mail"),
    "notify.kind.webhook": ("网络钩子", "webhook"),
    "notify.kind.wecom": ("企业微信机器人", "WeCom robot"),
    "notify.kind.dingtalk": ("钉钉机器人", "DingTalk robot"),
}
