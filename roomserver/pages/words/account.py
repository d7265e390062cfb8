"""Coming back, and a member's own data."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "in.title": ("登录", "Sign in"),
    "in.lead": ("这部手机还没有登录。", "This phone is not signed in yet."),
    "in.passkey": ("用通行密钥登录", "Sign in with a passkey"),
    "in.passkey-help": (
        "用指纹、面容或锁屏密码，如果您在“我的资料”里设置过。",
        'By fingerprint, face or screen lock, if you set one up under "My data".',
    ),
    "in.passkey-failed": (
        "没有登录成功。可以再试一次，或者请居委会给一个登录链接。",
        "That did not work. Try again, or ask the committee for a link.",
    ),
    "in.no-passkey": ("这个浏览器不支持通行密钥。", "This browser has no passkeys."),
    "in.link": ("换了手机，或者都不行？", "A new phone, or nothing works?"),
    "in.link-help": (
        "请居委会给您一个一次性的登录链接或二维码。",
        "Ask the committee for a link or a QR code that signs you in once.",
    ),
    "in.join": ("还没有登记？", "Not a member yet?"),
    "in.join-button": ("申请使用", "Join"),
    "link.title": ("登录这部手机", "Sign this phone in"),
    "link.help": (
        "这个链接只能用一次。请只在您自己的手机上按下面的按钮。",
        "This link works once. Press the button on your own phone only.",
    ),
    "link.button": ("登录", "Sign in"),
    "link.dead": ("这个链接不能用了", "This link no longer works"),
    "link.dead-help": (
        "它可能已经用过，或者过了时间。请居委会再给一个。",
        "It may have been used, or it is too old. Please ask the committee for another.",
    ),
    "me.title": ("我的资料", "My data"),
    "me.number": ("会员号", "Member number"),
    "me.name": ("姓名", "Name"),
    "me.phone": ("手机号", "Phone"),
    "me.since": ("登记时间", "Member since"),
    "me.checked": ("身份核对", "Identity checked by"),
    "me.checked.committee": ("居委会看过证件", "the committee, who saw the card"),
    "me.checked.tencent": ("腾讯云", "Tencent Cloud"),
    "me.checked.aliyun": ("阿里云", "Alibaba Cloud"),
    "me.checked.demo": ("演示，没有真正核对", "nobody: this is a demonstration"),
    "me.nobody": (
        "居委会只登记了这个会员号，没有姓名和手机号。",
        "The committee knows this number only, without name or phone.",
    ),
    "me.correct": ("更正", "Correct"),
    "me.corrected": ("已更正。", "Corrected."),
    "me.save": ("保存", "Save"),
    "me.passkeys": ("通行密钥", "Passkeys"),
    "me.passkeys-help": (
        "设置后，换了浏览器也能用指纹、面容或锁屏密码登录。",
        "With one you can sign in by fingerprint, face or screen lock, in another browser too.",
    ),
    "me.passkey-add": ("在这部手机上设置", "Set one up on this phone"),
    "me.passkey-failed": ("没有设置成功。可以再试一次。", "That did not work. You can try again."),
    "me.passkey-made": ("{when} 设置", "Set up {when}"),
    "me.passkey-remove": ("删除", "Remove"),
    "me.sessions": ("已登录的浏览器：{count} 个", "Signed-in browsers: {count}"),
    "me.end-others": ("让其他浏览器都退出登录", "Sign the others out"),
    "me.lost": (
        "手机丢了？请告诉居委会，一次全部退出，换新号码。这里退出的只是浏览器；通行密钥和微信在上面删除。",
        (
            "A phone is lost? Tell the committee: all is signed out at once, with new codes. Here only "
            "browsers are; passkeys and WeChat are removed above."
        ),
    ),
    "me.sign-out": ("退出登录", "Sign out"),
    "me.sign-out-help": (
        "退出后要用通行密钥或居委会的链接才能回来。",
        "To come back you then need a passkey or a link from the committee.",
    ),
    "me.export": ("下载我的全部资料（JSON）", "Download all of it (JSON)"),
    "me.privacy": ("存了什么、存多久", "What is stored, and how long"),
    "me.leave": ("退出自习室", "Leave the room"),
    "me.leave-help": (
        (
            "姓名、手机号、登录和号码会立刻删除，不能恢复；想再用要重新登记。"
            "门的记录里只剩一个谁也认不出的会员号，到期删除。"
        ),
        (
            "Name, phone, sign-ins and codes are deleted at once, for good; to use the room again you "
            "join anew. In the door's records a number stays that nobody can link to you, until its time "
            "is over."
        ),
    ),
    "me.leave-tick": ("我要退出，并删除我的资料", "I want to leave and have my data deleted"),
    "me.leave-button": ("退出并删除", "Leave and delete"),
    "me.wechat": ("微信", "WeChat"),
    "me.wechat-help": (
        "在微信里打开时自动登录。",
        "Opened inside WeChat, the room signs you in by itself.",
    ),
    "me.wechat-remove": ("不再自动登录", "Stop that"),
    "wechat.title": ("以后在微信里自动登录？", "Sign in by itself inside WeChat?"),
    "wechat.help": (
        "这个微信号以后打开自习室，就直接进入会员 {member}。只在您自己的微信里按“好”。",
        "From now on this WeChat account opens the room as member {member}. Say yes in your own WeChat only.",
    ),
    "wechat.yes": ("好", "Yes"),
    "wechat.no": ("不用", "No"),
    "left.title": ("已退出", "You have left"),
    "left.help": (
        "您的姓名、手机号和登录已经删除。谢谢您来过。",
        "Your name, phone and sign-ins are deleted. Thank you for having been here.",
    ),
    "privacy.title": ("隐私说明", "Privacy"),
    "privacy.lead": (
        "这里列出的就是全部：数据库的每一栏都在下面，列表由程序自己生成。",
        "This is all of it: every column of the database is below; the list is made by the program itself.",
    ),
    "privacy.never": ("从不保存的", "Never stored"),
    "privacy.never-list": (
        "身份证号；您在门上按的数字；您从哪个网络地址来；您用什么手机。",
        "Identity numbers; the digits you type at the door; the address you come from; what phone you have.",
    ),
    "privacy.rights": ("您可以", "You can"),
    "privacy.rights-list": (
        "在“我的资料”里查看、下载、更正，或者退出并删除；不上网的话，请居委会代办。",
        (
            'See, download, correct, or leave and delete it under "My data"; or have the committee do it '
            "for you."
        ),
    ),
    "privacy.what": ("内容", "What"),
    "privacy.why": ("用途", "Why"),
    "privacy.long": ("保存多久", "How long"),
    "privacy.you": ("关于您", "About you"),
    "privacy.rest": ("其他（不涉及姓名）", "The rest (names nobody)"),
    "privacy.provider": ("身份核对", "The identity check"),
    "privacy.between": ("；", "; "),
}
