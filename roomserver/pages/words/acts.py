"""What the committee did, as the log tells it."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "act.signed-in": ("登录了", "signed in"),
    "act.account-added": ("添加了账号 {account}（{role}）", "added the account {account} ({role})"),
    "act.account-reset": ("重置了账号 {account}", "reset the account {account}"),
    "act.account-disabled": ("停用了账号 {account}", "disabled the account {account}"),
    "act.password-set": ("设置了自己的密码和验证器", "set their own password and authenticator"),
    "act.passkey-added": ("添加了自己的通行密钥", "added a passkey of their own"),
    "act.passkey-removed": ("删除了自己的通行密钥", "removed a passkey of their own"),
}
