"""Applications and members, as the committee sees them, and what each door knows."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "people.applications": ("申请", "Applications"),
    "people.nobody-waits": ("现在没有人在等。", "Nobody is waiting."),
    "people.new": ("已通过，会员号是 {number}。", "Approved: member {number}."),
    "people.look": ("看一看", "Have a look"),
    "people.why.see-paper": (
        "等着给志愿者看证件。",
        "Waits for a volunteer to see the card.",
    ),
    "people.why.provider-down": (
        "核对身份的服务当时不通；也可以看证件办理。",
        "The identity service did not answer; the card will do.",
    ),
    "people.why.provider-busy": (
        "当天核对身份的次数用完了；也可以看证件办理。",
        "No more identities could be checked that day; the card will do.",
    ),
    "people.same-member": (
        "这个身份证号已经登记过，会员号：",
        "This identity number is registered already, by member",
    ),
    "people.same-application": (
        "同一个身份证号还有一份更早的申请。",
        "There is an earlier application with the same identity number.",
    ),
    "people.kind": ("用什么进门", "How this member enters"),
    "people.kind.phone": ("手机", "phone"),
    "people.kind.paper": ("纸条", "paper sheet"),
    "people.kind.staff": ("验证器（工作人员）", "authenticator (staff)"),
    "people.approve": ("看过证件，通过", "I have seen the card: approve"),
    "people.approve-help": (
        "通过以后，申请人的手机马上就能取号码，不用再输入什么。",
        "The applicant's phone shows codes at once; nothing more needs to be typed.",
    ),
    "people.decline": ("不通过", "Decline"),
    "people.decline-why": ("原因（申请人会看到）", "Why (the applicant will read it)"),
    "people.decline.not-matching": ("和证件对不上", "It is not what the card says"),
    "people.decline.not-ours": ("不是本小区的居民", "Not a resident of this estate"),
    "people.decline.registered": ("已经登记过", "A member already"),
    "people.decline.other": ("其他原因，请到居委会问", "Something else; please ask the committee"),
    "people.decline-help": (
        "姓名和手机号会立刻删除，不能恢复；申请人可以重新申请。",
        "Name and phone are deleted at once, for good; the applicant can apply again.",
    ),
    "people.fault.known": (
        "这个身份证号已经登记过。如果是同一个人，请不通过这份申请，再给他一个登录链接。",
        "This identity number is registered already. If it is the same person, decline, then make a link.",
    ),
    "people.fault.gone": (
        "刚才已经有人办过了，下面是现在的情况。",
        "Somebody has just done it; below is how it stands now.",
    ),
    "people.fault.no-number": (
        "会员号用完了，请告诉管理员。",
        "All member numbers are taken; please tell the administrator.",
    ),
    "people.members": ("会员", "Members"),
    "people.member": ("会员 {number}", "Member {number}"),
    "people.number": ("会员号", "Member number"),
    "people.find": ("查找", "Find"),
    "people.no-number": ("没有这个会员号。", "There is no such number."),
    "people.only.all": ("全部", "All"),
    "people.only.suspended": ("暂停的", "Paused"),
    "people.only.revoked": ("停用的", "Withdrawn"),
    "people.count": ("一共 {count} 个会员", "{count} members in all"),
    "people.none": ("没有会员。", "There is none."),
    "people.more": ("后面的", "More"),
    "people.name": ("姓名", "Name"),
    "people.no-name": ("只登记了号码", "known by the number only"),
    "people.phone": ("手机号", "Phone"),
    "people.draws": ("进门方式", "Enters with"),
    "people.standing": ("状态", "Standing"),
    "people.standing.good": ("正常", "good"),
    "people.standing.suspended": ("暂停", "paused"),
    "people.standing.revoked": ("停用", "withdrawn"),
    "people.standing.left": ("已退出", "left"),
    "people.until": ("到 {when} 为止", "until {when}"),
    "people.reveal": ("显示姓名和手机号", "Show name and phone"),
    "people.reveal-help": ("会记下是谁看的。", "It goes on record who looked."),
    "people.proof": ("门知道了吗", "What the door knows"),
    "people.changed.added": ("登记为会员", "Became a member"),
    "people.changed.revoked": ("已停用", "Withdrawn"),
    "people.changed.reinstated": ("已恢复，号码是新的", "Reinstated, with new codes"),
    "people.changed.reissued": ("已换新号码，旧的作废", "New codes; the old ones are dead"),
    "people.changed.suspended": ("已暂停", "Paused"),
    "people.changed.lifted": ("暂停提前结束", "The pause was ended"),
    "people.changed.forgotten": ("已退出，资料已删除", "Left; the data is deleted"),
    "people.changed.learnt": ("从门的记录得知", "Learnt from a door's records"),
    "people.knows": ("门 {door} 从 {when} 起知道", "Door {door} knows since {when}"),
    "people.never-heard": ("门 {door} 还没有来问过", "Door {door} has not asked yet"),
    "people.asks-soon": ("门 {door} 马上会知道", "Door {door} will know in a moment"),
    "people.silent": (
        "门 {door} 已经 {minutes} 分钟没有回音",
        "Door {door} has not answered for {minutes} min",
    ),
    "people.codes-end": (
        "在那之前取出的号码到 {when} 失效。",
        "Codes already drawn end by {when}.",
    ),
    "people.codes-ended": (
        "以前取出的号码在 {when} 已经失效。",
        "Codes already drawn ended by {when}.",
    ),
    "people.lease-ends": (
        "门收不到消息的话，验证器、纸条和备用卡最迟用到 {when}。急的话，请在门口用 door revoke。",
        "If it hears nothing, authenticator, sheet and card work until {when}; at the door: door revoke.",
    ),
    "people.no-door": ("还没有装好的门。", "No door is enrolled yet."),
    "people.do": ("可以做的", "What you can do"),
    "people.link": ("换了手机：给一个登录链接", "A new phone: a link to sign in"),
    "people.link.help": (
        "请先看一看证件。谁打开这个链接，谁就是这个会员；以前给的链接作废。",
        "See the card first. Whoever opens the link is this member; an earlier link is dead.",
    ),
    "people.link.button": ("给会员 {number} 一个链接", "Make a link for member {number}"),
    "people.link-title": ("会员 {number} 的登录链接", "A link for member {number}"),
    "people.link-help": (
        "请会员现在用自己的手机扫一扫。{hours} 小时内有效，只能用一次；离开这一页就不再显示。",
        "Have the member scan it now. It works once, within {hours} hours, and is not shown again.",
    ),
    "people.link-back": ("回到会员", "Back to the member"),
    "people.lost-phone": (
        "手机丢了：在所有设备上退出登录，换新号码",
        "A lost phone: sign out everywhere, new codes",
    ),
    "people.lost-phone.help": (
        (
            "所有的登录、微信绑定、通行密钥和没用过的登录链接，还有以前的号码、纸条和备用卡，马上作废。"
            "会员有了手机，再看证件，给一个登录链接。"
        ),
        (
            "Every session, WeChat link, passkey and unused link is dead at once, and so are codes, sheets "
            "and cards. When the member has a phone, see the card and make a link."
        ),
    ),
    "people.lost-phone.button": (
        "让会员 {number} 在所有设备上退出登录",
        "Sign member {number} out everywhere",
    ),
    "people.reissue": ("纸条或备用卡丢了：换新号码", "A lost sheet or card: new codes"),
    "people.reissue.help": (
        "以前的号码、纸条和备用卡作废。手机不退出登录，马上可以取新的；手机也丢了，请用“手机丢了”。",
        "What was drawn before is dead. The phone stays signed in and draws anew: not for a lost phone.",
    ),
    "people.reissue.button": ("给会员 {number} 换新号码", "New codes for member {number}"),
    "people.revoke": ("停用", "Withdraw"),
    "people.revoke.help": (
        "会员不能再取号码，也不能再进门，直到恢复。手机不退出登录，上面会看到“您的号码已停用”。",
        "The member draws no codes and does not get in until reinstated. The phone stays signed in.",
    ),
    "people.revoke.button": ("停用会员 {number}", "Withdraw member {number}"),
    "people.reason": ("原因", "Why"),
    "people.suspend": ("暂停到一个时间", "Pause until a time"),
    "people.suspend.help": (
        "到时间为止不能取号码，也不能进门；到时自动恢复，原来的号码照样用。",
        "No codes and no entry until then; it ends by itself, and the codes go on as before.",
    ),
    "people.suspend.until": ("暂停到", "Until"),
    "people.suspend.until-fault": (
        "请填一个以后的时间，最多两年。",
        "Please give a time to come, within two years.",
    ),
    "people.suspend.reason": ("原因（会员会看到）", "Why (the member will read it)"),
    "people.suspend.reason-hint": (
        "会显示在他的手机上，例如：占座离开超过两小时。",
        "It is shown on the member's phone, such as: a seat was kept for two hours.",
    ),
    "people.suspend.reason-fault": (
        "请写原因，最多 {most} 个字。",
        "Please say why, in at most {most} characters.",
    ),
    "people.suspend.button": ("暂停会员 {number}", "Pause member {number}"),
    "people.lift": ("提前结束暂停", "End the pause now"),
    "people.lift.help": (
        "会员马上可以取号码、进门。",
        "The member draws codes and gets in at once.",
    ),
    "people.lift.button": ("结束会员 {number} 的暂停", "End the pause of member {number}"),
    "people.reinstate": ("恢复", "Reinstate"),
    "people.reinstate.help": (
        "登录着的手机马上可以取新的号码；以前的号码、纸条和备用卡仍然作废。手机丢了，请先用上面的“手机丢了”。",
        "A signed-in phone draws new codes at once; the old stay dead. A lost phone: see above first.",
    ),
    "people.reinstate.button": ("恢复会员 {number}", "Reinstate member {number}"),
}
