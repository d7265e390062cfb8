"""The link: fetches the access list, the rules and the time from the server (PROTOCOL §1, §3).

One thread, asleep until the next poll, a hint, or a retry is due; members never wait for it.
An answer is taken whole or not at all: one bad record, and the door keeps what it has and says so once.

Time and TLS.  Every call but ``GET /time`` verifies the certificate at the door's own idea of now.
When that fails by the dates alone, or the door knows no time at all, the link asks ``GET /time`` without
comparing dates.
The certificate must then be valid at the time received and not have ended before known past; only then is the
time believed and posted, and the access list is asked for with the certificate judged at that time.
So a stolen certificate that has expired is of no use against a door that knows its known past.
"""

from __future__ import annotations

import gc
import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from contract.access import AccessError, from_json
from door.answers import Answer, CertificateDatesError, MalformedError, base_url
from door.backoff import Backoff, Trouble, jittered
from door.errors import LinkError
from door.events import Event, FaultChanged, ListReceived, ServerTime
from door.tls import Context, TlsSettings

LIST_FAULT = "list-stale"  # the alarm for an answer that was refused: what the door has is getting old
HINT_SECONDS = 10  # PROTOCOL §4: at most one GET in 10 s, however many hints
RETRY_SECONDS = 5
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Known:
    """What the door knows of time, in Unix seconds: its best idea of now, and what has passed for certain."""

    now: int | None
    past: int | None


@dataclass(frozen=True, slots=True)
class Access:
    """An answer of ``GET …/access`` in which every field has been looked at."""

    received: ListReceived
    codes: Mapping[str, object]
    rules: Mapping[str, object]


@dataclass(slots=True)
class _Told:
    """The last time the server told, carried on by the monotonic clock."""

    unix: int
    at: float = field(default_factory=time.monotonic)

    def now(self) -> int:
        return self.unix + int(time.monotonic() - self.at)


class Link:
    """Asks the server at ``url`` every ``poll_seconds``, and soon after ``refresh()``.

    ``position()`` gives (revision, digest, highest command taken) of what the door holds now.
    ``on_rules(codes, rules)`` is called when either changed, before the list is posted; a ``ValueError``
    from it refuses the whole answer.
    All callbacks run on the link's thread.
    """

    def __init__(
        self,
        *,
        url: str,
        token: str,
        door: str,
        post: Callable[[Event], None],
        position: Callable[[], tuple[int, str, int]],
        on_rules: Callable[[dict[str, Any], dict[str, Any]], None],
        known: Callable[[], Known],
        ca: Path | None = None,
        poll_seconds: float = 300,
        hint_seconds: float = HINT_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        self.up = False
        self.at = 0  # Unix s of the last good answer
        self._base = f"{base_url(url)}/api/v1"
        self._token = token
        self._door = door
        self._post = post
        self._position = position
        self._on_rules = on_rules
        self._known = known
        self._tls = TlsSettings(ca)
        self._poll_seconds = poll_seconds
        self._hint_seconds = hint_seconds
        self._backoff = Backoff(min(retry_seconds, poll_seconds), poll_seconds)
        self._trouble = Trouble(_LOG)
        self._told: _Told | None = None
        self._in_force = ""
        self._list_refused = False
        self._wanted = True
        self._stopping = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        """Begin asking."""
        self._thread.start()

    def stop(self, timeout: float) -> None:
        """Stop asking; wait at most ``timeout`` seconds for a call under way."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def refresh(self) -> None:
        """Ask again soon, at most once in ``hint_seconds``; never blocks."""
        with self._changed:
            self._wanted = True
            self._changed.notify()

    def _run(self) -> None:
        from door import call  # noqa: F401  (only here: requests takes 60 ms, and a member may be waiting)

        gc.freeze()  # as at the start of the daemon: what was imported stays for good
        due, asked = time.monotonic(), float("-inf")
        while self._wait_until(due, asked + self._hint_seconds):
            asked = time.monotonic()
            due = asked + (jittered(self._poll_seconds) if self._try() else self._backoff.wait())

    def _wait_until(self, due: float, earliest: float) -> bool:
        """Wait for ``due``, or for a hint but then at least until ``earliest``; False when stopping."""
        with self._changed:
            while not self._stopping:
                left = (min(due, earliest) if self._wanted else due) - time.monotonic()
                if left <= 0:
                    self._wanted = False
                    return True
                self._changed.wait(left)
        return False

    def _try(self) -> bool:
        try:
            self._ask()
        except LinkError as error:
            self.up = False
            self._trouble.say(f"no answer from the server: {error}")
            if isinstance(error, MalformedError):
                self._mark_list(refused=True)
            return False
        except OSError as error:
            self.up = False
            self._trouble.say(f"the certificate authority for the server cannot be read: {error.strerror}")
            return False
        except Exception:  # noqa: BLE001 - whatever it was, the link must live on
            self.up = False
            _LOG.exception("the link failed")
            return False
        self.up = True
        self._mark_list(refused=False)
        self._backoff.reset()
        self._trouble.over("the server answers again")
        return True

    def _ask(self) -> None:
        try:
            answer = self._ask_access()
        except CertificateDatesError:  # or no time to compare them with
            self._ask_time()
            answer = self._ask_access()
        self._take_time(answer)
        access = access_from(answer.fields)
        self._take_rules(access)
        self._post(access.received)
        self.at = answer.server_time

    def _ask_time(self) -> None:
        from door.call import call

        context = self._context(None)
        answer = call("GET", f"{self._base}/time", context=context)
        if context is not None and context.validity is not None:
            fault = context.validity.fault(answer.server_time, self._known().past)
            if fault:
                raise CertificateDatesError(f"{fault}, by the server's own clock or by what the door knows")
        self._take_time(answer)

    def _ask_access(self) -> Answer:
        from door.call import call

        revision, digest, n = self._position()
        url = f"{self._base}/doors/{self._door}/access"
        params: dict[str, str | int] = {"since": revision, "digest": digest, "n": n}
        return call("GET", url, context=self._context(self._now), token=self._token, params=params)

    def _context(self, now: Callable[[], int | None] | None) -> Context | None:
        """None for a server on this machine: the authorities would be read at each call, for nothing."""
        return Context(self._tls, now) if self._base.startswith("https:") else None

    def _now(self) -> int | None:
        """The time to judge certificates by: the server's own where it has just been told."""
        return self._told.now() if self._told else self._known().now

    def _take_time(self, answer: Answer) -> None:
        if (unix_ms := answer.unix_ms()) is not None:
            self._told = _Told(unix_ms // 1000)
            self._post(ServerTime(unix_ms))

    def _take_rules(self, access: Access) -> None:
        try:
            text = json.dumps([access.codes, access.rules], sort_keys=True)
            if text == self._in_force:
                return
            self._on_rules(dict(access.codes), dict(access.rules))
        except (ValueError, RecursionError) as error:
            raise MalformedError(f"its codes or rules cannot be used: {error}") from None
        self._in_force = text

    def _mark_list(self, *, refused: bool) -> None:
        if refused != self._list_refused:
            self._list_refused = refused
            self._post(FaultChanged(LIST_FAULT, refused))


def access_from(fields: Mapping[str, Any]) -> Access:
    """The answer of ``GET …/access``; ``MalformedError`` if anything in it is not as agreed."""
    revision, digest, complete = fields.get("revision"), fields.get("digest"), fields.get("complete")
    members, codes, rules = fields.get("members"), fields.get("codes"), fields.get("rules")
    if not (type(revision) is int and 0 <= revision < 2**53 and isinstance(complete, bool)):
        raise MalformedError("its revision or complete has the wrong type")
    if not (isinstance(digest, str) and len(digest) == 64 and set(digest) <= set("0123456789abcdef")):
        raise MalformedError("its digest is not 64 hex digits")
    if not (isinstance(members, list) and isinstance(codes, dict) and isinstance(rules, dict)):
        raise MalformedError("its members, codes or rules have the wrong type")
    try:
        records = tuple(from_json(member) for member in members)
    except AccessError as error:
        raise MalformedError(f"one of its {len(members)} records is wrong: {error}") from None
    if len({record.member for record in records}) != len(records):
        raise MalformedError("it has two records of one member")
    return Access(ListReceived(revision, digest, complete, records), codes, rules)
