"""The ways there are, and who sends by each."""

from __future__ import annotations

from roomserver.notify.mail import Mail
from roomserver.notify.message import Sender
from roomserver.notify.robots import DingTalk, WeCom
from roomserver.notify.settings import Way
from roomserver.notify.webhook import Webhook
from roomserver.place import Place


def sender_of(place: Place, way: Way) -> Sender:
    """Who sends by ``way``; ``OSError`` when a file of a secret cannot be read."""
    secret = place.notify_secret(way)
    match way.kind:
        case "email":
            return Mail(way, secret)
        case "webhook":
            return Webhook(place.notify_url(way), secret, way.timeout_seconds)
        case "wecom":
            return WeCom(place.notify_url(way), way.timeout_seconds)
    return DingTalk(place.notify_url(way), secret, way.timeout_seconds)
