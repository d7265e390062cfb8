"""What is stored, why, and how long: every column of every table; the privacy page is made of this list.

A test holds it to the schema: a new column without a line here fails. Texts are Chinese and English;
``{days}`` in a ``long`` is ``audit.retention_days`` of ``roomserver.toml``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Words = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Stored:
    """One table: what each column is, what the table is for, and how long a line of it stays."""

    what: Words
    why: Words
    long: Words
    columns: Mapping[str, Words]
    personal: bool = True  # whether its lines are about one person


_UNTIL_LEFT = ("直到您退出，退出时立刻删除", "until you leave, then deleted at once")
_RETENTION = ("{days} 天", "{days} days")
_ROOM = ("房间使用期间", "as long as the room has this server")
_MEMBER = ("会员号", "member number")

STORED: Mapping[str, Stored] = {
    "persons": Stored(
        ("您是谁", "Who you are"),
        ("实名登记，有事时联系您", "to know who uses the room, and to reach you when there is need"),
        _UNTIL_LEFT,
        {
            "number": _MEMBER,
            "name": ("姓名（加密）", "name (sealed)"),
            "phone": ("手机号（加密）", "phone (sealed)"),
            "identity_tag": (
                "身份证号的标记，无法还原，只用来发现重复登记",
                "a mark of the identity number that cannot be turned back, to find a second registration",
            ),
            "provider": ("由谁核对的身份", "who checked your identity"),
            "handle": ("通行密钥用的随机编号", "a random name for passkeys"),
            "joined_at": ("登记时间", "when you joined"),
        },
    ),
    "applications": Stored(
        ("等待办理的申请", "Your application, while it waits"),
        ("让志愿者核对证件", "for a volunteer to look at your card"),
        (
            "办好或撤回时删除；没有通过的，姓名、手机号和标记立刻删除，结果保留 30 天",
            (
                "deleted when decided or withdrawn; if declined, name, phone and mark go at once, "
                "the answer after 30 days"
            ),
        ),
        {
            "id": ("编号", "number of the application"),
            "name": ("姓名（加密）", "name (sealed)"),
            "phone": ("手机号（加密）", "phone (sealed)"),
            "identity_tag": ("身份证号的标记", "the mark of the identity number"),
            "provider": ("用哪种核对方式", "how identities are checked"),
            "state": ("进展", "where it stands"),
            "reason": ("为什么等待", "why it waits"),
            "applied_at": ("提交时间", "when it was sent"),
            "decided_at": ("办理时间", "when it was decided"),
        },
    ),
    "consents": Stored(
        ("您的同意", "Your consent"),
        ("证明您同意了什么", "to show what you agreed to"),
        _UNTIL_LEFT,
        {
            "id": ("编号", "number"),
            "application_id": ("申请编号", "number of the application"),
            "member": _MEMBER,
            "subject": ("同意的事项", "to what"),
            "version": ("文字的版本", "which version of the words"),
            "at": ("时间", "when"),
        },
    ),
    "sessions": Stored(
        ("已登录的浏览器", "Browsers that are signed in"),
        ("下次不用再登录", "so that you need not sign in each time"),
        (
            "180 天没有使用，或退出登录时删除",
            "until 180 days without use, or until you sign out",
        ),
        {
            "hash": ("登录凭证的散列值", "a hash of the cookie"),
            "member": _MEMBER,
            "application_id": ("申请编号", "number of the application"),
            "wechat_tag": ("微信账号的标记", "a mark of the WeChat account"),
            "made_at": ("登录时间", "when you signed in"),
            "seen_at": ("最近使用的日子", "the day it was used last"),
            "expires_at": ("到期时间", "when it ends"),
        },
    ),
    "one_time": Stored(
        ("一次性的登录链接和口令", "Links and challenges that are good once"),
        ("换手机时登录", "to sign in on a new phone"),
        ("用过即删；没用过的，到期后一天内删除", "until used; unused ones until a day after they end"),
        {
            "hash": ("散列值", "a hash"),
            "purpose": ("用途", "what for"),
            "member": _MEMBER,
            "wechat_tag": ("微信账号的标记", "a mark of the WeChat account"),
            "account_id": ("居委会的账号", "an account of the committee"),
            "made_at": ("生成时间", "when it was made"),
            "expires_at": ("到期时间", "when it ends"),
        },
    ),
    "acts": Stored(
        ("居委会的操作", "What the committee did"),
        ("谁看过、改过什么，都查得到", "so that it can be told who looked at or changed what"),
        _RETENTION,
        {
            "id": ("编号", "number"),
            "at": ("时间", "when"),
            "who": ("居委会的账号", "which account of the committee"),
            "what": ("做了什么", "what was done"),
            "member": _MEMBER,
            "detail": ("细节，没有姓名和理由", "details, without names and reasons"),
        },
    ),
    "passkeys": Stored(
        ("通行密钥", "Passkeys"),
        (
            "用指纹、面容或锁屏密码登录；指纹和面容不离开您的手机",
            "to sign in; fingerprint and face never leave your phone",
        ),
        ("直到您删除它或退出", "until you remove it or leave"),
        {
            "id": ("密钥编号", "its identifier"),
            "member": _MEMBER,
            "public_key": ("公钥", "its public half"),
            "sign_count": ("使用次数", "how often it was used"),
            "made_at": ("设置时间", "when it was set up"),
            "used_at": ("最近使用时间", "when it was used last"),
        },
    ),
    "wechat_accounts": Stored(
        ("微信登录", "Signing in from WeChat"),
        ("在微信里不用再登录", "so that you need not sign in inside WeChat"),
        _UNTIL_LEFT,
        {
            "tag": ("微信账号的标记，无法还原", "a mark of the WeChat account that cannot be turned back"),
            "member": _MEMBER,
            "made_at": ("绑定时间", "when it was linked"),
        },
    ),
    "reasons": Stored(
        ("暂停或停用的原因", "Why you are suspended or your number was withdrawn"),
        ("让您知道原因", "for you to know"),
        (
            "到暂停结束或恢复为止；退出时立刻删除",
            "until it is over; when you leave, deleted at once",
        ),
        {
            "member": _MEMBER,
            "text": ("原因（加密）", "the reason (sealed)"),
            "at": ("时间", "when"),
        },
    ),
    "draws": Stored(
        ("最近一次取号", "When you last drew a code"),
        ("为您留一会儿座位", "to keep a seat for you for a while"),
        ("一天", "one day"),
        {"member": _MEMBER, "at": ("时间", "when")},
    ),
    "rows": Stored(
        ("门的记录", "The door's records"),
        ("知道谁何时进入，查清争议和故障", "to know who went in when, and to clear up disputes and faults"),
        (
            "最多 {days} 天；您退出后只剩谁也认不出的会员号",
            "at most {days} days; once you left, a number nobody can link to you",
        ),
        {
            "log_id": ("哪一本记录", "which log"),
            "seq": ("序号", "its place in the log"),
            "hash": ("防篡改的校验", "a seal against forgery"),
            "prev": ("前一条的校验", "the seal of the one before"),
            "raw": (
                "记录原文：时间、事项、会员号、结果",
                "the record: time, what happened, member number, outcome",
            ),
            "at": ("时间", "when"),
            "type": ("事项", "what happened"),
            "member": _MEMBER,
            "flag": ("是否看不懂", "whether it was not understood"),
            "received_at": ("收到时间", "when it arrived"),
        },
    ),
    "members": Stored(
        ("会员号的状态", "What a member number may do"),
        ("让门知道谁能进", "so that the door knows who may enter"),
        (
            "退出后只剩号码和作废标记，以免号码被别人误用",
            "after you leave only the number and its revocation, so that nobody else gets it too soon",
        ),
        {
            "number": _MEMBER,
            "kind": ("手机、纸、认证器", "phone, paper or authenticator"),
            "generation": ("第几次发码", "which issue of codes"),
            "revoked_through": ("作废到第几次", "up to which issue they are withdrawn"),
            "card_pair": ("备用卡用到第几对", "how far the wallet card is used"),
            "suspended_until": ("暂停到何时", "until when access is paused"),
            "not_before": ("何时起可用", "from when"),
            "not_after": ("何时止", "until when"),
            "revision": ("修改序号", "number of the change"),
            "learnt": ("是否从门得知", "whether a door told of it"),
            "added_at": ("添加时间", "when it was added"),
            "forgotten_at": ("退出时间", "when its member left"),
        },
    ),
    "changes": Stored(
        ("会员号状态的改动", "Changes of what a number may do"),
        ("让每扇门的名单一致", "so that every door has the same list"),
        _RETENTION,
        {
            "revision": ("修改序号", "number of the change"),
            "member": _MEMBER,
            "record": ("改动后的状态", "how it stood after"),
            "digest": ("名单的校验", "a digest of the list"),
            "at": ("时间", "when"),
            "why": ("原因", "why"),
        },
    ),
    "commands": Stored(
        ("发给门的命令", "Commands to a door"),
        ("作废、开门、忘记会员等", "to revoke, to open, to have a member forgotten"),
        _RETENTION,
        {
            "id": ("编号", "its identifier"),
            "door_id": ("哪扇门", "which door"),
            "verb": ("做什么", "what"),
            "args": ("细节，可能有会员号", "details, perhaps a member number"),
            "asked_at": ("提出时间", "when it was asked"),
            "n": ("序号", "its number"),
            "not_after": ("有效期", "until when it holds"),
            "done_at": ("完成时间", "when it was done"),
            "error": ("错误", "what went wrong"),
        },
    ),
    "forks": Stored(
        ("重号的记录", "Records under a number used before"),
        ("发现被调包的门", "to notice that a door was exchanged"),
        ("和门的记录一样", "as the door's records"),
        {
            "log_id": ("哪一本记录", "which log"),
            "seq": ("序号", "its place"),
            "hash": ("校验", "its seal"),
            "raw": ("记录原文", "the record"),
            "received_at": ("收到时间", "when it arrived"),
        },
    ),
    "accounts": Stored(
        ("居委会的账号", "The committee's accounts"),
        ("让志愿者登录", "for volunteers to sign in"),
        _ROOM,
        {
            "id": ("编号", "number"),
            "name": ("账号名", "its name"),
            "role": ("身份", "its role"),
            "password": ("密码的散列值", "a hash of the password"),
            "totp": ("验证器的密钥（加密）", "the secret of the authenticator (sealed)"),
            "totp_step": ("最近用过的验证码的序号", "which code was used last"),
            "handle": ("通行密钥用的随机编号", "a random name for passkeys"),
            "made_at": ("添加时间", "when it was added"),
            "seen_at": ("最近登录时间", "when it signed in last"),
            "disabled_at": ("停用时间", "when it was disabled"),
        },
        personal=False,
    ),
    "account_passkeys": Stored(
        ("居委会的通行密钥", "The committee's passkeys"),
        ("让志愿者登录", "for volunteers to sign in"),
        ("直到删除或重置", "until removed or reset"),
        {
            "id": ("密钥编号", "its identifier"),
            "account_id": ("哪个账号", "which account"),
            "public_key": ("公钥", "its public half"),
            "sign_count": ("使用次数", "how often it was used"),
            "made_at": ("设置时间", "when it was set up"),
            "used_at": ("最近使用时间", "when it was used last"),
        },
        personal=False,
    ),
    "account_sessions": Stored(
        ("居委会已登录的浏览器", "Browsers of the committee that are signed in"),
        ("不用每页都登录", "so that not every page asks"),
        ("12 小时没有使用，或 7 天", "until 12 hours without use, or 7 days"),
        {
            "hash": ("登录凭证的散列值", "a hash of the cookie"),
            "account_id": ("哪个账号", "which account"),
            "made_at": ("登录时间", "when it signed in"),
            "seen_at": ("最近使用时间", "when it was used last"),
            "expires_at": ("到期时间", "when it ends"),
        },
        personal=False,
    ),
    "logs": Stored(
        ("门的记录本", "The logs of a door"),
        ("知道哪些记录已收到", "to know which records have arrived"),
        _ROOM,
        {
            "id": ("编号", "number"),
            "door_id": ("哪扇门", "which door"),
            "name": ("名字", "its name"),
            "through": ("连续到第几条", "how far without a gap"),
            "top": ("最大序号", "the highest"),
            "ack": ("已确认到第几条", "how far confirmed"),
            "ack_hash": ("该条的校验", "its seal"),
            "heard_at": ("最近收到时间", "when it was heard last"),
        },
        personal=False,
    ),
    "gaps": Stored(
        ("门已没有的记录", "Records a door no longer has"),
        ("知道缺了什么", "to know what is missing"),
        _ROOM,
        {
            "log_id": ("哪一本记录", "which log"),
            "first": ("从第几条", "from"),
            "last": ("到第几条", "to"),
            "raw": ("门的说明", "what the door said"),
            "received_at": ("收到时间", "when it arrived"),
        },
        personal=False,
    ),
    "alarms": Stored(
        ("警报", "Alarms"),
        ("提醒志愿者", "for somebody to look"),
        _ROOM,
        {
            "id": ("编号", "number"),
            "door_id": ("哪扇门", "which door"),
            "kind": ("种类", "what kind"),
            "subject": ("关于什么", "about what"),
            "count": ("次数", "how often"),
            "first_at": ("第一次", "first"),
            "last_at": ("最近一次", "last"),
            "seen_at": ("处理时间", "when it was seen to"),
        },
        personal=False,
    ),
    "notifications": Stored(
        ("要告诉志愿者的事", "What volunteers are told of"),
        ("发出警报通知", "to send notices of alarms"),
        ("30 天", "30 days"),
        {
            "id": ("编号", "number"),
            "door_id": ("哪扇门", "which door"),
            "event": ("什么事", "what happened"),
            "subject": ("哪一次", "which time of it"),
            "at": ("发生时间", "when it happened"),
            "made_at": ("得知时间", "when the server knew"),
        },
        personal=False,
    ),
    "deliveries": Stored(
        ("已经发出的通知", "Notices that were sent"),
        ("不重复发送", "to send none twice"),
        ("30 天", "30 days"),
        {
            "notification_id": ("哪件事", "of what"),
            "way": ("发往哪里", "which way"),
            "at": ("时间", "when"),
            "sent": ("发出了，还是放弃了", "whether it was sent, or given up"),
        },
        personal=False,
    ),
    "ways": Stored(
        ("发通知的途径", "The ways to send notices"),
        ("失败时再试，并让人看到", "to try again, and to show what fails"),
        _ROOM,
        {
            "name": ("名字", "its name"),
            "since": ("何时开始使用", "since when it is used"),
            "claimed_until": ("正在发送，到何时为止", "until when somebody is sending by it"),
            "sent_at": ("最近发出时间", "when it was used last"),
            "failures": ("连续失败次数", "how often it failed in a row"),
            "failing_since": ("何时开始失败", "since when it fails"),
            "retry_at": ("何时再试", "when it is tried again"),
            "error": ("失败原因", "why it fails"),
        },
        personal=False,
    ),
    "latest": Stored(
        ("门最近的情况", "What a door told last"),
        ("显示座位和门的状态", "to show seats and the state of the door"),
        ("只有最近一次", "only the latest"),
        {
            "door_id": ("哪扇门", "which door"),
            "topic": ("哪一项", "of what"),
            "text": ("内容", "what it told"),
            "at": ("时间", "when"),
        },
        personal=False,
    ),
    "hourly": Stored(
        ("每小时的人数", "Counts by the hour"),
        ("了解房间什么时候有人，不含会员号", "to know how the room is used; no member is in it"),
        _ROOM,
        {
            "door_id": ("哪扇门", "which door"),
            "hour": ("哪个小时", "which hour"),
            "entries": ("进入次数", "how often somebody came in"),
            "peak": ("最多人数", "the most who were inside"),
        },
        personal=False,
    ),
    "doors": Stored(
        ("门", "The doors"),
        ("和门通信", "to speak with them"),
        _ROOM,
        {
            "id": ("编号", "number"),
            "name": ("名字", "its name"),
            "key": ("门的密钥（加密）", "its key (sealed)"),
            "former_key": ("门以前的密钥（加密）", "the key it had before (sealed)"),
            "mqtt_password": ("消息密码（加密）", "its broker password (sealed)"),
            "api_token": ("令牌的散列值", "a hash of its token"),
            "command_n": ("命令序号", "the command counter"),
            "added_at": ("添加时间", "when it was added"),
            "enrolled_at": ("安装时间", "when it enrolled"),
            "asked_at": ("最近询问时间", "when it asked last"),
            "holds_revision": ("持有的名单", "which list it holds"),
        },
        personal=False,
    ),
    "enrolment_tokens": Stored(
        ("装门用的一次性口令", "One-time tokens for a new door"),
        ("安装门", "to enrol a door"),
        ("用过即删", "until used"),
        {
            "hash": ("散列值", "a hash"),
            "door_id": ("哪扇门", "which door"),
            "expires_at": ("到期时间", "when it ends"),
        },
        personal=False,
    ),
    "terms": Stored(
        ("号码的形式和房间的规则", "The form of codes and the rules of the room"),
        ("告诉门", "to tell the doors"),
        _ROOM,
        {
            "id": ("编号", "number"),
            "name": ("名字", "its name"),
            "text": ("内容", "what they say"),
            "at": ("时间", "when"),
        },
        personal=False,
    ),
    "head": Stored(
        ("名单的当前版本", "The present version of the list"),
        ("让名单有先后", "to keep the list in order"),
        _ROOM,
        {
            "id": ("编号", "number"),
            "revision": ("版本", "the version"),
            "digest": ("校验", "its digest"),
        },
        personal=False,
    ),
    "meta": Stored(
        ("数据库自己的信息", "Facts about the database"),
        ("升级和加密", "for upgrades and sealing"),
        _ROOM,
        {"name": ("名字", "name"), "value": ("内容", "value")},
        personal=False,
    ),
}
