"""The page on which the administrator sees to the committee's accounts."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "committee.nav.accounts": ("账号", "Accounts"),
    "office.title": ("居委会的账号", "The committee's accounts"),
    "office.ways": ("怎样登录", "Signs in by"),
    "office.passkey": ("通行密钥", "passkey"),
    "office.password": ("密码和验证器", "password and authenticator"),
    "office.not-yet": ("还没有设置，等他打开链接", "not set up: the link was not used yet"),
    "office.disabled": ("停用了，{when}", "disabled {when}"),
    "office.seen": ("最近登录", "Last signed in"),
    "office.never": ("还没有", "never"),
    "office.own": ("这是您自己的账号", "This is your own account"),
    "office.own-refused": (
        "自己的账号不能在这里重置、停用或改身份：至少要有一个管理员能登录。",
        "Your own account is not changed here: one administrator must be able to sign in.",
    ),
    "office.stale": (
        "要改账号，请先退出，再登录一次。",
        "To change accounts, sign out and in again first.",
    ),
    "office.add": ("添加账号", "Add an account"),
    "office.add-help": (
        "您会得到一个链接，给他本人。怎样登录由他自己设置，您不会知道他的密码。",
        "You get a link to hand over. Its owner sets up how to sign in; you never learn the password.",
    ),
    "office.name": ("账号名", "Name of the account"),
    "office.name-hint": (
        "一到三十二个字：汉字、字母、数字、点、横线。",
        "1 to 32 letters, digits, dots, _ or -.",
    ),
    "office.fault.name": (
        "账号名是一到三十二个字，中间没有空格：汉字、字母、数字、点、横线。",
        "The name is 1 to 32 letters, digits, dots, _ or -, without a space.",
    ),
    "office.fault.taken": (
        "已经有这个账号了。换一个名字，或者重置那个账号。",
        "There is such an account already. Choose another name, or reset that one.",
    ),
    "office.may.duty": (
        "看房间和门、开一次门、改人数、暂停会员",
        "sees room and door, unlocks once, sets the count, suspends",
    ),
    "office.may.committee": (
        "还有：申请、停用和换号、规则、记录、打印",
        "also: applications, withdrawing, hours and rules, records, paper",
    ),
    "office.may.admin": ("还有：账号和警报通知", "also: accounts, and notices of alarms"),
    "office.reset": ("重置：换了手机，忘了密码", "Reset: a new phone, a lost password"),
    "office.reset-help": (
        "他现在的登录方式都作废，所有设备都退出；您会得到一个新的链接，给他本人。",
        "All ways in are gone and all devices are signed out; you get a new link to hand over.",
    ),
    "office.reset-button": ("重置 {name}", "Reset {name}"),
    "office.back": ("恢复", "Bring back"),
    "office.back-help": (
        "您会得到一个链接，他用它重新设置怎样登录。",
        "You get a link, with which its owner sets up anew how to sign in.",
    ),
    "office.back-button": ("恢复 {name}", "Bring back {name}"),
    "office.role": ("改身份", "Change the role"),
    "office.role-help": (
        "所有设备都退出；再登录时按新的身份，登录方式不变。",
        "Out on all devices at once; signs in as before, and then has the new role.",
    ),
    "office.role-button": ("{name}：改成{role}", "{name}: make {role}"),
    "office.disable": ("停用：不再做志愿者了", "Disable: has left the committee"),
    "office.disable-help": (
        "立刻不能登录，所有设备都退出。他做过的事仍在操作记录里。",
        "No more signing in, out on all devices at once. What was done stays on record.",
    ),
    "office.disable-button": ("停用 {name}", "Disable {name}"),
    "office.link-title": ("给 {name} 的链接", "A link for {name}"),
    "office.link-help": (
        "请本人用手机扫一扫，或者打开这个地址，设置怎样登录。能用一次，{hours} 小时内有效；这里只显示一次。",
        "Its owner scans or opens this to set up signing in; good once, within {hours} h. Shown only now.",
    ),
    "office.link-back": ("回到账号", "Back to the accounts"),
}
