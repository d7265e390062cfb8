"""How the room is used."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "guide.title": ("怎么用自习室", "How to use the room"),
    "guide.join": ("第一次来", "The first time"),
    "guide.join-1": (
        "在手机上填姓名、手机号和身份证号，同意两项说明。",
        "On your phone give your name, phone and identity number, and agree to two things.",
    ),
    "guide.seen.committee": (
        "带上证件，让居委会的志愿者看一眼。",
        "Bring your card and have a volunteer of the committee look at it.",
    ),
    "guide.seen.service": (
        "身份马上核对；核对不了的，带上证件请居委会的志愿者看一眼。",
        "Your identity is checked at once; where that fails, a volunteer looks at your card.",
    ),
    "guide.join-3": (
        "这部手机就登录好了，以后不用再填。",
        "This phone is then signed in, and nothing needs to be filled in again.",
    ),
    "guide.enter": ("进门", "Going in"),
    "guide.enter-1": (
        "打开“我的号码”。座位为您留 {hold} 分钟。",
        "Open My code. A seat is kept for you for {hold} minutes.",
    ),
    "guide.enter-2": (
        "在门上依次按 {digits} 个数字。按错了按 * 重来。",
        "Type the {digits} digits at the door, in turn. After a slip press * and begin again.",
    ),
    "guide.enter-3": (
        "绿灯亮就推门，进去后把门带上。出门不用号码。",
        "Push when the light is green, and close the door behind you. Going out needs no code.",
    ),
    "guide.enter-more": (
        (
            "每个号码只能开一次门，到时间自动换新的。页面打开后没有信号也能用 {minutes} 分钟，也可以截图。"
            "号码是您一个人的，请不要给别人。"
        ),
        (
            "Each code opens the door once, and the next comes by itself. An open page works without a "
            "signal for {minutes} minutes; a screenshot does too. The codes are yours alone: please give "
            "them to nobody."
        ),
    ),
    "guide.signs": ("灯和声音说什么", "What light and sound say"),
    "guide.no": ("门为什么没有开", "Why the door did not open"),
    "guide.no-help": (
        "“我的号码”那一页会告诉您是哪一种：",
        "The page of your code tells which it was:",
    ),
    "guide.without": ("没有手机，手机没电", "No phone, or an empty one"),
    "guide.without-help": (
        "居委会可以给您纸上的号码，每天一行；也可以给一张放在钱包里的备用卡，手机没电时用。",
        (
            "The committee can give you codes on paper, a line a day, and a card for your wallet that works "
            "when your phone does not."
        ),
    ),
    "guide.stuck": ("还是进不去", "Still outside"),
    "guide.bell": (
        "按住 * 三秒可以按铃，里面的人能听见。",
        "Hold * for three seconds to ring; whoever is inside hears it.",
    ),
    "guide.call": ("也可以打居委会的电话：", "Or call the committee:"),
}
