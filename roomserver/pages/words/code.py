"""The page of the code."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "code.title": ("我的号码", "My code"),
    "code.digits": ("现在的号码", "Your code now"),
    "code.left": ("还有 {minutes} 分 {seconds} 秒", "{minutes} min {seconds} s left"),
    "code.left-short": ("还有 {seconds} 秒", "{seconds} s left"),
    "code.then": ("之后自动换成下一个", "then the next one comes by itself"),
    "code.speak": ("念给我听", "Read it aloud"),
    "code.silent": ("这部手机放不出声音。", "This phone cannot play it."),
    "code.now": ("现在", "now"),
    "code.door-asks": ("门要第二个号码", "The door asks for a second code"),
    "code.both": (
        "两个都要输入：先输上面的号码，再输下面这个。输完第一个时灯若变红，请接着输。",
        "Type both: the code above, then this one. If the light is red after the first, just go on.",
    ),
    "code.second": ("第二个号码", "Second code"),
    "code.before": (
        "刚才输入的是 {first} 吗？那么第二个是 {second}",
        "Was the one you typed {first}? Then the second is {second}",
    ),
    "code.list": ("接下来半小时的号码", "The codes of the next half hour"),
    "code.list-help": (
        "没有信号也能用。可以截图；每个号码只能开一次门。",
        "They work without a signal. A screenshot will do; each opens the door once.",
    ),
    "code.from": ("从", "From"),
    "code.code": ("号码", "Code"),
    "code.if-asked": ("门要第二个时", "If the door asks"),
    "code.keypad": ("怎么按", "How to type it"),
    "code.keypad-picture": ("门上的键盘", "The keypad at the door"),
    "code.keypad-help": (
        "依次按十个数字，绿灯亮就推门。按错了按 * 重来。",
        "Press the ten digits in turn; push when the light is green. After a slip press * and begin again.",
    ),
    "code.offline": (
        "没有网络。这里的号码到 {until} 为止都能用。",
        "No network. The codes here are good until {until}.",
    ),
    "code.none-left": (
        "号码用完了，也没有网络。有信号后这里会自动出现新的号码。",
        "No codes are left, and there is no network. New ones appear here by themselves when it is back.",
    ),
    "code.try-again": ("再试一次", "Try again"),
    "code.went-in": ("您 {time} 进入了自习室。", "You went in at {time}."),
    "code.refused": ("{time}，门没有开。", "{time}: the door did not open."),
    "code.tries": (
        "有人用您的会员号试过 {count} 次不对的号码。门没有因此打开，您不用做什么；若常这样，请告诉居委会。",
        (
            "Wrong codes were tried with your number ({count}). None opened, so you need do nothing; "
            "if it goes on, please tell the committee."
        ),
    ),
    "code.to-room": ("座位与开放时间", "Seats and hours"),
    "code.other-door": ("换一扇门", "Another door"),
    "code.none": ("现在没有号码", "No code now"),
    "code.no-door": (
        "这里还没有门。请等居委会装好后再来。",
        "There is no door yet. Please come back when the committee has put one up.",
    ),
    "code.no-script": (
        "这个页面会在换号码时自动重新载入。",
        "This page loads again by itself for each new code.",
    ),
    "reason.unknown-code": (
        "号码不对。请核对手机上的最新号码。",
        "That was not your present code. Use the newest one on your phone.",
    ),
    "reason.early-code": (
        "这个号码的时间还没有到。请用现在显示的号码。",
        "That code was too early. Use the one shown now.",
    ),
    "reason.wrong-length": (
        "号码的位数不对。请输入全部十个数字。",
        "That had too few or too many digits. Type all ten.",
    ),
    "reason.late-code": ("这个号码已经过期，请用最新的。", "That code had run out; use the newest one."),
    "reason.used-code": (
        "这个号码已经用过了，请等下一个。",
        "That code was already used; wait for the next.",
    ),
    "reason.suspended": ("您的使用权暂停到 {until}。", "Your access is paused until {until}."),
    "reason.revoked": (
        "您的号码已停用，请联系居委会。",
        "Your number has been withdrawn; please talk to the committee.",
    ),
    "code.because": ("原因：{reason}", "Reason: {reason}"),
    "reason.outside-hours": ("现在不开放，{until} 起开放。", "Closed now; open again {until}."),
    "reason.room-full": (
        "座位已满。有人离开后，号码页上会自动出现号码。",
        "All seats are taken. Your code appears on its page when somebody has left.",
    ),
    "reason.too-many-entries": (
        "半小时内进入次数太多，请 {until} 再试。",
        "Too many entries in half an hour; try again at {until}.",
    ),
    "reason.lockdown": ("自习室暂停开放。{note}", "The room is closed for the moment. {note}"),
    "reason.lease-ended": (
        "门很久没有连上网，暂时不能开。请告诉居委会。",
        "The door has been without a network for too long to open. Please tell the committee.",
    ),
    "reason.other": ("门没有开，请再试一次。", "The door did not open; please try again."),
    "reason.staff": (
        "您的号码在验证器应用里，请打开它。",
        "Your code is in your authenticator app; please open it.",
    ),
    "reason.paper": (
        "您的号码在纸上：请用今天那一行。想改用手机，请告诉居委会。",
        "Your code is on paper: use today's line. To use a phone instead, please tell the committee.",
    ),
    "later.outside-hours": ("现在不开放。", "Closed now."),
    "later.suspended": (
        "您的使用权已暂停，请联系居委会。",
        "Your access is paused; please talk to the committee.",
    ),
    "later.too-many-entries": (
        "半小时内进入次数太多，请过一会儿再试。",
        "Too many entries in half an hour; try again a little later.",
    ),
}
