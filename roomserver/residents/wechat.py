"""WeChat: whose login code this is (``code2Session``), and which member its account is linked to.

The mini program sends us the code of ``wx.login`` and gets a ticket, good once and for a minute, which it
puts into the address of its web view; there it is swapped for a cookie at once. The openid leaves this file
only as a keyed tag, and the session key that WeChat sends along is dropped.
"""

from __future__ import annotations

import json
import logging
from enum import StrEnum

import requests
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from roomserver.place import Opened
from roomserver.residents import once
from roomserver.residents.once import Purpose
from roomserver.storage import tags
from roomserver.storage.register import WechatAccount

log = logging.getLogger("roomserver.residents.wechat")
# At its lowest level urllib3 writes addresses into the log, and the secret is part of this one.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

MAX_ANSWER_BYTES = 16 * 1024
MAX_CODE = 128


class Refused(StrEnum):
    """Why there is no ticket."""

    CODE = "code"  # the code is wrong, used or too old: the mini program asks WeChat for another
    BLOCKED = "blocked"  # WeChat thinks this account is dangerous
    BUSY = "busy"  # asked too often, or WeChat is: again in a moment
    DOWN = "down"  # WeChat does not answer, or our settings are wrong; the log says which


# https://developers.weixin.qq.com/miniprogram/dev/OpenApiDoc/user-login/code2Session.html
ERRORS = {
    -1: Refused.BUSY,
    40029: Refused.CODE,
    40163: Refused.CODE,
    41008: Refused.CODE,
    40226: Refused.BLOCKED,
    45011: Refused.BUSY,
}


class WechatRefusedError(Exception):
    """No ticket; ``why`` says why."""

    def __init__(self, why: Refused) -> None:
        super().__init__(why)
        self.why = why


def ticket(opened: Opened, code: str, now: int) -> str:
    """A ticket for whoever has the login ``code``, known or not; ``WechatRefusedError``."""
    openid = _openid(opened, code)
    with opened.database.write() as session:
        tag = tags.wechat(tags.key(session, opened.vault), openid)
        return once.make(session, Purpose.TICKET, now, wechat_tag=tag)


def member_of(session: Session, tag: str) -> str | None:
    """The member whom this account has been linked to."""
    return session.scalar(select(WechatAccount.member).where(WechatAccount.tag == tag))


def link(session: Session, tag: str, member: str, now: int) -> None:
    """From now on this account is this member."""
    session.merge(WechatAccount(tag=tag, member=member, made_at=now))


def linked(session: Session, member: str) -> int:
    """How many accounts are linked to a member."""
    return len(session.scalars(select(WechatAccount.tag).where(WechatAccount.member == member)).all())


def unlink(session: Session, member: str) -> None:
    """No account is this member any more."""
    session.execute(delete(WechatAccount).where(WechatAccount.member == member))


def _openid(opened: Opened, code: str) -> str:
    settings = opened.place.settings.wechat
    asked = {
        "appid": settings.app_id,
        "secret": opened.place.wechat_secret,
        "js_code": code,
        "grant_type": "authorization_code",
    }
    try:
        answer = requests.get(
            f"{settings.endpoint}/sns/jscode2session",
            params=asked,
            timeout=settings.timeout_seconds,
            allow_redirects=False,
            stream=True,
        )
        raw = answer.raw.read(MAX_ANSWER_BYTES, decode_content=True)
        answer.close()
        told = json.loads(raw)
    except (requests.RequestException, OSError, ValueError, RecursionError) as error:
        # Never its text: the address in it has the secret and the code.
        log.warning("WeChat did not answer the login (%s)", type(error).__name__)
        raise WechatRefusedError(Refused.DOWN) from None
    return _read(told)


def _read(told: object) -> str:
    if not isinstance(told, dict):
        log.warning("WeChat answered the login with something else than its documents say")
        raise WechatRefusedError(Refused.DOWN)
    try:
        error = int(told.get("errcode") or 0)
    except (TypeError, ValueError):
        error = 1
    openid = told.get("openid")
    if error == 0 and isinstance(openid, str) and 0 < len(openid) <= MAX_CODE:
        return openid
    why = ERRORS.get(error, Refused.DOWN)
    if why is Refused.DOWN:
        log.warning("WeChat refused the login with errcode %d; see app_id and secret in [wechat]", error)
    raise WechatRefusedError(why)
