"""What the committee did, as the log tells it."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "act.signed-in": ("登录了", "signed in"),
    "act.account-added": ("添加了账号 {account}（{role}）", "added the account {account} ({role})"),
    "act.account-reset": ("重置了账号 {account}", "reset the account {account}"),
    "act.account-disabled": ("停用了账号 {account}", "disabled the account {account}"),
    "act.account-role": ("把账号 {account} 的身份改成了{role}", "changed the role of {account} to {role}"),
    "act.password-set": ("设置了自己的密码和验证器", "set their own password and authenticator"),
    "act.passkey-added": ("添加了自己的通行密钥", "added a passkey of their own"),
    "act.passkey-removed": ("删除了自己的通行密钥", "removed a passkey of their own"),
    "act.approved": ("通过了申请，新会员 {member}", "approved an application: member {member}"),
    "act.declined": ("没有通过申请 {application}", "declined application {application}"),
    "act.revealed": ("看了会员 {member} 的姓名和手机号", "looked at the name and phone of member {member}"),
    "act.revoked": ("停用了会员 {member}", "withdrew member {member}"),
    "act.reinstated": ("恢复了会员 {member}", "reinstated member {member}"),
    "act.reissued": ("给会员 {member} 换了号码", "gave member {member} new codes"),
    "act.phone-lost": (
        "会员 {member} 的手机丢了：在所有设备上退出登录，旧号码作废",
        "signed member {member}, whose phone is lost, out everywhere; the old codes are dead",
    ),
    "act.linked": ("给会员 {member} 一个登录链接", "made a sign-in link for member {member}"),
    "act.suspended": ("让会员 {member} 暂停到 {until}", "paused member {member} until {until}"),
    "act.unlocked": ("开了一次门 {door}", "unlocked door {door} once"),
    "act.identified": ("让门 {door} 闪灯", "had door {door} blink"),
    "act.counted": ("把门 {door} 里的人数改成 {count}", "set the count of door {door} to {count}"),
    "act.rules-set": ("改了开放时间与规则", "changed hours and rules"),
    "act.rules-of-file": ("改回了服务器文件里的规则", "went back to the rules of the server's file"),
    "act.seen": ("处理了警报：{kind}", "saw to an alarm: {kind}"),
    "act.mode-normal": ("让门 {door} 恢复平常", "put door {door} back to normal"),
    "act.mode-open": ("让门 {door} 敞开 {hours} 小时", "left door {door} open for {hours} h"),
    "act.mode-lockdown": (
        "让门 {door} 暂停开放 {hours} 小时",
        "closed door {door} to residents for {hours} h",
    ),
    "act.printed-sheet": ("给会员 {member} 打印了号码纸", "printed a sheet for member {member}"),
    "act.printed-card": ("给会员 {member} 打印了应急卡", "printed a wallet card for member {member}"),
    "act.printed-authenticator": (
        "给会员 {member} 打印了验证器二维码",
        "printed the authenticator's QR code of member {member}",
    ),
    "act.notify-tested": ("试发了通知（{way}）", "sent a test notice by {way}"),
    "act.lifted": ("提前恢复了会员 {member}", "ended the pause of member {member}"),
}
