"""Joining: the form, the two ticks, and what becomes of an application."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "join.title": ("申请使用自习室", "Join the study room"),
    "join.lead": (
        "实名登记一次，以后用手机上的号码开门。已经登记过？",
        "Say once who you are; from then on a code on your phone opens the door. Already a member?",
    ),
    "join.sign-in": ("直接登录", "Sign in"),
    "join.name": ("姓名", "Name"),
    "join.name-hint": ("和证件上的一样。", "As it stands on your identity card."),
    "join.phone": ("手机号", "Phone"),
    "join.phone-hint": (
        "有事时居委会打这个电话。不会给别人。",
        "The committee calls it when there is need. Nobody else gets it.",
    ),
    "join.identity": ("身份证号", "Identity number"),
    "join.identity-hint": (
        "只核对一次，不保存。护照、通行证等也可以填，由居委会看原件。",
        "Checked once and not kept. A passport or permit will do too; the committee looks at it.",
    ),
    "join.consents": ("请您同意", "Your consent"),
    "join.membership": (
        (
            "我同意自习室保存我的姓名、手机号和进出记录，用来管理使用，期限见《隐私说明》。我可以随时退出，"
            "退出后姓名和手机号立刻删除。"
        ),
        (
            "I agree that the room keeps my name, my phone and when I went in, to run the room, for as "
            "long as the privacy page says. I can leave at any time; name and phone are then deleted at "
            "once."
        ),
    ),
    "join.identity-check": (
        (
            "身份证号是敏感个人信息。我单独同意用它核对一次身份；核对后不保存号码，只留一个无法还原的标记，"
            "用来发现重复登记。"
        ),
        (
            "An identity number is sensitive. I agree, apart from the above, that mine is used once to "
            "check who I am. The number is not kept; a mark that cannot be turned back finds a second "
            "registration."
        ),
    ),
    "join.asked.committee": ("由居委会志愿者看证件。", "A volunteer of the committee looks at your card."),
    "join.asked.tencent": (
        "姓名和号码会发给腾讯云的实名核验服务。",
        "Name and number are sent to Tencent Cloud's identity service.",
    ),
    "join.asked.aliyun": (
        "姓名和号码会发给阿里云的实名核验服务。",
        "Name and number are sent to Alibaba Cloud's identity service.",
    ),
    "join.asked.demo": (
        "这是演示：不做真正的核对，请不要填真实的号码。",
        "This is a demonstration: nothing is really checked, so please type no real number.",
    ),
    "join.privacy": ("隐私说明", "Privacy"),
    "join.send": ("提交申请", "Apply"),
    "join.faults": ("还有几处要改。", "A few things to mend."),
    "join.fault.name": ("请填写姓名。", "Please write your name."),
    "join.fault.phone": (
        "这不像一个电话号码，例如 138 0013 8000。",
        "That does not look like a phone number, such as 138 0013 8000.",
    ),
    "join.fault.form": (
        "身份证号是 18 位，最后一位可能是 X。请数一数。",
        "An identity number has 18 places, the last may be X. Please count them.",
    ),
    "join.fault.date": (
        "第 7 到 14 位是出生日期，这里好像有一位不对。",
        "Places 7 to 14 are the date of birth; one of them seems wrong.",
    ),
    "join.fault.check": (
        "好像有一位打错了，请和证件核对一遍。",
        "One place seems mistyped; please compare it with your card.",
    ),
    "join.fault.young": (
        "{age} 岁以上才能自己登记。请家长和居委会联系。",
        "Members are {age} or older. Please have a parent talk to the committee.",
    ),
    "join.fault.wrong": (
        "姓名和号码没有对上。请和证件核对一遍；如果都没错，请到居委会办理。",
        (
            "Name and number do not belong together. Compare them with your card; if both are right, see "
            "the committee."
        ),
    ),
    "join.fault.consent": ("没有这项同意，不能登记。", "Without this we cannot take you in."),
    "join.waiting": ("申请已收到", "Your application has arrived"),
    "join.waiting.see-paper": (
        "请带上证件，让居委会的志愿者看一眼。办好后，这个页面会变成您的号码。",
        (
            "Bring your card and have a volunteer of the committee look at it. Then this page becomes "
            "your code."
        ),
    ),
    "join.waiting.provider-down": (
        "核对身份的服务现在不通。申请留着，不会丢：可以过一会儿再提交一次，也可以带证件到居委会。",
        (
            "The service that checks identities does not answer just now. Your application is kept: send "
            "it again in a while, or bring your card to the committee."
        ),
    ),
    "join.waiting.provider-busy": (
        "今天核对身份的次数用完了。申请留着，不会丢：可以明天再提交一次，也可以带证件到居委会。",
        (
            "No more identities can be checked today. Your application is kept: send it again tomorrow, "
            "or bring your card to the committee."
        ),
    ),
    "join.since": ("{when} 提交", "Sent {when}"),
    "join.look": ("看看办好没有", "See whether it is done"),
    "join.again": ("再提交一次", "Send it again"),
    "join.withdraw": ("撤回申请", "Withdraw it"),
    "declined.not-matching": (
        "填的内容和证件对不上。可以核对以后重新申请。",
        "What was filled in is not what the card says. You can check it and apply again.",
    ),
    "declined.not-ours": (
        "自习室目前只给本小区的居民使用。",
        "For now the room is for residents of this estate only.",
    ),
    "declined.registered": (
        "您已经登记过了。请居委会给您一个登录链接，不用重新申请。",
        "You are a member already. Ask the committee for a sign-in link; there is no need to apply again.",
    ),
    "declined.other": ("原因请到居委会问一问。", "Please ask the committee why."),
    "join.declined": ("这次没有通过", "Not this time"),
    "join.declined-help": (
        "居委会没有通过这份申请，您填的姓名和手机号已经删除。有疑问请到居委会问一问。",
        (
            "The committee did not take this application. The name and phone you gave are deleted. "
            "Please ask them why."
        ),
    ),
}
