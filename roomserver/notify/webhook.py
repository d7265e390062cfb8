"""A webhook: the message as JSON to any program, signed if there is a key."""

from __future__ import annotations

import hmac
from dataclasses import asdict

from roomserver.notify.message import Message
from roomserver.notify.post import as_json, post

SIGNATURE = "X-Studyroom-Signature"
ID = "X-Studyroom-Id"


class Webhook:
    """Posts ``{"id", "title", "text", "told": [{"door", "event", "count", "first", "last"}]}``.

    With a key the header ``X-Studyroom-Signature`` is ``sha256=`` and the hex HMAC-SHA-256 of the body. A
    message that is sent again has the same ``id``.
    """

    def __init__(self, url: str, key: str, timeout: int) -> None:
        self._url, self._key, self._timeout = url, key, timeout

    def send(self, message: Message) -> None:
        """Taken when the answer is a status of success."""
        told = [asdict(one) for one in message.told]
        body = as_json({"id": message.id, "title": message.title, "text": message.text, "told": told})
        headers = {ID: message.id}
        if self._key:
            headers[SIGNATURE] = f"sha256={hmac.digest(self._key.encode(), body, 'sha256').hex()}"
        post(self._url, body, self._timeout, headers)
