"""The robots of group chats, WeCom's and DingTalk's: a text posted, and an ``errcode`` that says how it went.

Both answer 200 also when they refuse, and both take 20 messages a minute.
"""

from __future__ import annotations

import base64
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from roomserver.notify.message import Message, NotSentError
from roomserver.notify.post import as_json, errcode, post

MINUTE = 60

_UNKNOWN = "it knows no robot with this key; copy the address anew"
_OFTEN = "too many messages in a minute"


@dataclass(frozen=True, slots=True)
class Refusal:
    """What an ``errcode`` means; ``after``: it will go again after so many seconds, not ``lasting``."""

    why: str
    lasting: bool = True
    after: int = 0


# https://developer.work.weixin.qq.com/document/path/91770 and /90313
WECOM_TEXT_BYTES = 2048
WECOM_ERRORS = {
    -1: Refusal("it is busy", lasting=False),
    40008: Refusal("it does not take this sort of message"),
    44004: Refusal("it finds the text empty"),
    45002: Refusal("it finds the text too long"),
    45009: Refusal(_OFTEN, lasting=False, after=MINUTE),
    93000: Refusal(_UNKNOWN),
    93004: Refusal("the robot was stopped; make another"),
    93008: Refusal("the robot is not in the group any more"),
}

# https://open.dingtalk.com/document/robots/custom-robot-access
DINGTALK_TEXT_BYTES = 15_000
DINGTALK_ERRORS = {
    -1: Refusal("it is busy", lasting=False),
    40035: Refusal("a part of the address is missing; copy it anew"),
    43004: Refusal("it does not take this sort of message"),
    130101: Refusal(_OFTEN, lasting=False, after=10 * MINUTE),
    300001: Refusal(_UNKNOWN),
    300005: Refusal(_UNKNOWN),
    310000: Refusal("its safety settings: secret, addresses, or a keyword that is not the room's name"),
    400013: Refusal("the group was dissolved"),
    400101: Refusal(_UNKNOWN),
    400102: Refusal("the robot was stopped; make another"),
    400105: Refusal("it does not take this sort of message"),
    400106: Refusal(_UNKNOWN),
    410100: Refusal(_OFTEN, lasting=False, after=10 * MINUTE),
    430101: Refusal("it finds an unsafe link in the text"),
    430102: Refusal("it finds the text unfit"),
    430103: Refusal("it finds a picture unfit"),
    430104: Refusal("it finds the content unfit"),
}


class WeCom:
    """A robot of a WeCom (企业微信) group."""

    def __init__(self, url: str, timeout: int) -> None:
        self._url, self._timeout = url, timeout

    def send(self, message: Message) -> None:
        """Taken when ``errcode`` is 0."""
        text = cut(message.text, WECOM_TEXT_BYTES)
        body = as_json({"msgtype": "text", "text": {"content": text}})
        _judge(post(self._url, body, self._timeout), WECOM_ERRORS)


class DingTalk:
    """A robot of a DingTalk (钉钉) group; with ``secret`` (SEC…) each call is signed for the present time."""

    def __init__(self, url: str, secret: str, timeout: int, clock: Callable[[], float] = time.time) -> None:
        self._url, self._secret, self._timeout, self._clock = url, secret, timeout, clock

    def send(self, message: Message) -> None:
        """Taken when ``errcode`` is 0."""
        text = cut(message.text, DINGTALK_TEXT_BYTES)
        body = as_json({"msgtype": "text", "text": {"content": text}})
        _judge(post(self._address(), body, self._timeout), DINGTALK_ERRORS)

    def _address(self) -> str:
        if not self._secret:
            return self._url
        timestamp = int(self._clock() * 1000)
        query = urlencode({"timestamp": timestamp, "sign": dingtalk_sign(self._secret, timestamp)})
        return f"{self._url}{'&' if '?' in self._url else '?'}{query}"


def dingtalk_sign(secret: str, timestamp: int) -> str:
    """What DingTalk calls ``sign``: base64 of HMAC-SHA-256(secret, timestamp in ms ‖ LF ‖ secret)."""
    digest = hmac.digest(secret.encode(), f"{timestamp}\n{secret}".encode(), "sha256")
    return base64.b64encode(digest).decode()


def cut(text: str, most: int) -> str:
    """``text`` in at most ``most`` bytes, whole characters."""
    raw = text.encode()
    return text if len(raw) <= most else raw[: most - 3].decode(errors="ignore") + "…"


def _judge(raw: bytes, errors: Mapping[int, Refusal]) -> None:
    code = errcode(raw)
    if code == 0:
        return
    if code is None:
        raise NotSentError("answered something else than its documents say")
    refusal = errors.get(code, Refusal("see its documents"))
    raise NotSentError(f"errcode {code}: {refusal.why}", lasting=refusal.lasting, after=refusal.after)
