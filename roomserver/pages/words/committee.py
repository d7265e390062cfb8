"""The committee's frame, their ways in, their first page and the log of acts."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "committee.title": ("居委会", "Committee"),
    "committee.navigation": ("居委会的页面", "The committee's pages"),
    "committee.nav.now": ("现在", "Now"),
    "committee.nav.applications": ("申请", "Applications"),
    "committee.nav.members": ("会员", "Members"),
    "committee.nav.alarms": ("警报", "Alarms"),
    "committee.nav.rules": ("规则", "Rules"),
    "committee.nav.rows": ("门的记录", "Records"),
    "committee.nav.acts": ("操作记录", "Acts"),
    "committee.nav.me": ("我的账号", "My account"),
    "committee.role": ("身份", "Role"),
    "committee.role.admin": ("管理员", "administrator"),
    "committee.role.committee": ("居委会", "committee"),
    "committee.role.duty": ("值班", "on duty"),
    "committee.in": ("居委会登录", "Committee: sign in"),
    "committee.in-lead": (
        "只给居委会和值班的志愿者。居民不用在这里登录。",
        "For the committee and the volunteers on duty. Residents do not sign in here.",
    ),
    "committee.in-wrong": ("没有登录成功", "That did not work"),
    "committee.in-wrong-help": (
        "名字、密码和验证码要一起对才行；一个验证码只能用一次。",
        "Name, password and code must be right together; a code is good once.",
    ),
    "committee.in-lost": (
        "忘了密码，或者换了手机？请管理员重置您的账号，他会给您一个新的链接。",
        "Password forgotten, or a new phone? Have the administrator reset your account; you get a new link.",
    ),
    "committee.passkey-failed": (
        "没有登录成功。可以再试一次，或者用密码。",
        "That did not work. Try again, or use your password.",
    ),
    "committee.name": ("账号", "Account"),
    "committee.password": ("密码", "Password"),
    "committee.code": ("验证码", "Code"),
    "committee.code-hint": (
        "手机验证器里的六位数字，每半分钟换一次。",
        "The six digits in your authenticator; they change twice a minute.",
    ),
    "committee.link": ("设置您的账号", "Set up your account"),
    "committee.link-help": (
        "这个链接只能用一次。请在您自己的手机上按下面的按钮，然后设置怎样登录。",
        "This link works once. Press the button on your own phone, then set up how you sign in.",
    ),
    "committee.link-button": ("开始", "Begin"),
    "committee.link-dead": (
        "它可能已经用过，或者过了时间。请管理员再给一个。",
        "It may have been used, or it is too old. Please ask the administrator for another.",
    ),
    "committee.me": ("我的账号", "My account"),
    "committee.saved": ("已保存。", "Saved."),
    "committee.set-up": ("还差一步：设置怎样登录", "One more step: set up how you sign in"),
    "committee.set-up-help": (
        "通行密钥最方便；也可以用密码加验证器。没有设置，链接用过就回不来了。",
        "A passkey is easiest; or use a password with an authenticator. Without one you cannot come back.",
    ),
    "committee.passkey-help": (
        "用指纹、面容或锁屏密码登录，不用记密码。",
        "Sign in by fingerprint, face or screen lock, with no password to remember.",
    ),
    "committee.password-and-code": ("密码和验证器", "Password and authenticator"),
    "committee.has-password": ("已经设置。", "They are set."),
    "committee.no-password": ("还没有设置。", "Not set yet."),
    "committee.set-password": ("设置密码和验证器", "Set a password and an authenticator"),
    "committee.scan": (
        "用手机里的验证器应用扫这个图，然后填上密码和它显示的验证码。",
        "Scan this with an authenticator app, then fill in a password and the code that it shows.",
    ),
    "committee.scan-picture": ("验证器用的二维码", "QR code for the authenticator"),
    "committee.or-type": ("扫不了就手工输入：", "If you cannot scan it, type it in:"),
    "committee.new-password": ("新密码", "New password"),
    "committee.password-hint": (
        "至少 {least} 个字。几个不相干的词连起来，好记也难猜。",
        "At least {least} characters. A few words that do not belong together are easy to keep.",
    ),
    "committee.password-fault": (
        "密码至少 {least} 个字，不能只是几个字重复，也不能有您的账号名。",
        "At least {least} characters, not a few repeated, and without your account's name in it.",
    ),
    "committee.code-fault": (
        "验证码不对。请看验证器里现在的六位数字；页面打开太久的话，请扫新的图。",
        "That is not the present code. Look again; if the page was open for long, scan the new picture.",
    ),
    "committee.stale": (
        "要改登录方式，请先退出，再登录一次。",
        "To change how you sign in, sign out and in again first.",
    ),
    "committee.acts": ("操作记录", "What was done"),
    "committee.acts-help": (
        "谁在什么时候做了什么，保存 {days} 天。",
        "Who did what, and when; kept for {days} days.",
    ),
    "committee.handed-picture": ("链接的二维码", "QR code of the link"),
    "committee.handed-address": ("或者发这个地址", "Or send this address"),
    "committee.earlier": ("更早的", "Earlier"),
    "committee.no-acts": ("还没有操作。", "Nothing was done yet."),
    "committee.shell": ("服务器上的管理员", "The administrator at the server"),
    "committee.now": ("现在", "Now"),
    "committee.waiting": ("{count} 个申请在等您", "{count} applications are waiting"),
    "committee.alarms": ("{count} 个警报没有处理", "{count} alarms are open"),
}
