"""Every parser of what comes from outside, with the errors it may raise and real inputs to begin with."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import tempfile
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from zoneinfo import ZoneInfo

from house import KEY, NOW, House

from contract import audit, messages
from contract.access import EMPTY_DIGEST, AccessError, AccessRecord, from_json
from contract.audit import FIRST_PREV, MAX_ROW_BYTES, RowError
from contract.codes import Kind
from contract.messages import Ack, Command, MessageError, Topics
from contract.sample import sample
from contract.settings import SettingsError, read
from door import config, credentials
from door.config import Config
from door.control import Control
from door.credentials import Broker, Credentials
from door.effects import Reply
from door.errors import ConfigError
from door.events import CommandReceived, Event
from door.keypad import KEYS
from door.keypads.terminal import LineKeys
from door.link import MalformedError, access_from
from door.simulation import story
from door.terms import codes_in_force, rules_in_force
from roomserver.place import Opened
from roomserver.settings import Settings
from roomserver.web import api
from roomserver.web.server import Server
from roomserver.wire import state, terms

ROOT = Path(__file__).parent.parent
MAX_ANSWER = 64 * 1024
MEMBER = AccessRecord("0427", Kind.STAFF, 3, 1, 0, None, NOW, None, 12)
REPORT = messages.report_key(KEY, "yuexin")
COMMAND = messages.command_key(KEY, "yuexin")
TOPICS = Topics("yuexin")
CODES = terms.codes_json(Settings().codes.codes())
RULES = {
    "revision": 3, "capacity": 15, "when_full": "allow", "note": "", "hours": {"sun": ["08:00-20:00"]},
    "holidays": {"2026-10-01": []},
}  # fmt: skip
ENROLLED = {
    "door_key": KEY.hex(), "api_token": "abc-def_1234567", "command_n": 7, "codes": CODES, "rules": RULES,
    "mqtt": {"host": "room.example.org", "port": 8883, "username": "yuexin", "password": None, "tls": True},
}  # fmt: skip


@dataclass(frozen=True)
class Parser:
    """``parse`` returns or raises one of ``errors``; all else is a bug."""

    parse: Callable[[bytes], Any]
    errors: tuple[type[Exception], ...]
    seeds: tuple[bytes, ...]

    def __call__(self, raw: bytes) -> None:
        """One input."""
        with suppress(*self.errors):
            self.parse(raw)


class NotJsonError(Exception):
    """What is parsed here has been read from JSON before, which is fuzzed by itself."""


def _json(value: object) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


def _object(raw: bytes) -> dict[str, Any]:
    try:
        return messages.loads(raw, MAX_ANSWER)
    except ValueError:
        raise NotJsonError from None


def _in_force(text: str) -> bytes:
    """A sample file with every key that it only shows, and without what it says of them."""
    lines = [line.removeprefix("#").strip() for line in text.splitlines()]
    kept = [line for line in lines if re.fullmatch(r"\[.*\]|\w+ = [^#]+?", line)]
    return "\n".join(kept).encode() + b"\n"


# -- settings -------------------------------------------------------------------------------------


@cache
def _folder() -> Path:
    return Path(tempfile.mkdtemp(prefix="parsers-"))


def _door_settings(raw: bytes) -> None:
    file = _folder() / "config.toml"
    file.write_bytes(raw)
    loaded = config.load(file)
    config.rules(loaded, Credentials(Broker("room"), loaded.door.name, KEY, "a-token"))


def _server_settings(raw: bytes) -> None:
    made = read(Settings, raw.decode("utf-8"), name="roomserver.toml")
    terms.codes_json(made.codes.codes())


# -- messages and rows ----------------------------------------------------------------------------


def _signed(raw: bytes) -> None:
    """As it is, and with a right mac: only then is anything parsed."""
    with suppress(MessageError):
        messages.check(COMMAND, TOPICS.command, raw)
    body = raw.removesuffix(b"}")
    mac = messages._mac(COMMAND, TOPICS.command, body)
    fields = messages.check(COMMAND, TOPICS.command, body + b',"mac":"' + mac + b'"}')
    with suppress(MessageError):
        messages.ack_from(fields)
    House().post(CommandReceived(messages.command_from(fields, retained=False)))


def _row(raw: bytes) -> None:
    """As it is, and with a right hash: what is stored is placed, whatever else it says."""
    with suppress(RowError):
        audit.verify(REPORT, "yuexin", raw)
    body = raw.removesuffix(b"}")
    whole = body + b',"hash":"' + audit._hash(REPORT, "yuexin", body).encode() + b'"}'
    audit.verify(REPORT, "yuexin", whole)
    with suppress(RowError):
        audit.place(whole)
    row = audit.parse(whole)
    assert len(row.raw) <= MAX_ROW_BYTES
    assert (row.log, row.seq, row.prev) == audit.place(whole)


def _loads(raw: bytes) -> None:
    _json(messages.loads(raw, messages.MAX_SIGNED_BYTES))


# -- answers of the server ------------------------------------------------------------------------


def _access_answer(raw: bytes) -> None:
    access = access_from(_object(raw))
    codes_in_force(Config(), access.codes)
    rules_in_force(Config(), access.rules)


def _access_record(raw: bytes) -> AccessRecord:
    record = from_json(_object(raw))
    assert from_json(record.as_json()) == record
    return record


def _enrol_answer(raw: bytes) -> None:
    given = credentials.parse({**_object(raw), "door": "yuexin"})
    file = _folder() / "door.json"
    credentials.save(given, file)
    assert credentials.load(file) == given
    loaded = Config()
    config.rules(
        loaded, Credentials(given.mqtt, loaded.door.name, KEY, "a-token", 0, given.codes, given.rules)
    )


# -- people ---------------------------------------------------------------------------------------


def _socket(raw: bytes) -> None:
    """Through a pair of sockets and a whole door; the answer is one line of JSON that says how it went."""
    house = House()

    def post(event: Event) -> None:
        for effect in house.post(event):
            if isinstance(effect, Reply):
                control.reply(effect)

    control = Control(Path("unused"), post=post, status=lambda: {"door": "yuexin"})
    with closing(control._socket):
        ours, theirs = socket.socketpair()
        with closing(ours):
            ours.sendall(raw)
            ours.shutdown(socket.SHUT_WR)
            control._answer(theirs)
            answer = json.loads(ours.recv(65_536))
    assert answer["ok"] is (answer["error"] is None)


def _typed(raw: bytes) -> None:
    keys = LineKeys(10)
    for character in raw.decode("utf-8", "replace"):
        key = keys.key(character)
        assert key is None or key == "" or key in KEYS


def _story(raw: bytes) -> None:
    story.read(raw.decode("utf-8", "replace"), "a.story", ZoneInfo("Asia/Shanghai"))


# -- at the server --------------------------------------------------------------------------------


def _state(raw: bytes) -> None:
    """On every topic; what is taken can be kept, and read again."""
    for topic in ("availability", "state", "occupancy", "health"):
        with suppress(ValueError):
            value = state.read(topic, raw)
            assert json.loads(json.dumps(value)) == value
            if topic == "health":
                state.reported_rows(value)


class _Nobody:
    """A database that knows no token: what comes as far as here was understood."""

    def write(self) -> Any:
        """Refuse."""
        raise api.EnrolmentRefusedError("no such token")


@cache
def _application() -> Any:
    opened = cast(Opened, SimpleNamespace(
        place=SimpleNamespace(settings=Settings()), database=_Nobody(), vault=None
    ))  # fmt: skip
    return api.make_api(Server(opened))


def _body(raw: bytes) -> None:
    """Through the whole application: whatever was sent, the answer is a problem, and none of the server's."""
    status, body = asyncio.run(_posted(_application(), raw))
    assert status in (400, 401, 413, 422), status
    assert json.loads(body)["status"] == status


async def _posted(app: Any, raw: bytes) -> tuple[int, bytes]:
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/api/v1/doors/enroll", "raw_path": b"/api/v1/doors/enroll", "root_path": "",
        "query_string": b"", "server": ("room", 80), "client": ("door", 1),
        "headers": [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw))],
    }  # fmt: skip
    sent: list[Mapping[str, Any]] = []

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": raw, "more_body": False}

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


# -- all of them ----------------------------------------------------------------------------------


def _row_body(**more: Any) -> bytes:
    row = audit.make(
        REPORT, "yuexin", log="0123456789abcdef", seq=1, prev=FIRST_PREV, at=NOW, clock="server", **more
    )
    return row.raw[: row.raw.rindex(b',"hash"')] + b"}"


def _health() -> dict[str, object]:
    return {
        "version": "0.1.0", "uptime_s": 7, "clock": {"source": "server", "trusted": True, "offset_ms": 0},
        "audit": {"log": "0123456789abcdef", "seq": 9, "ack": 7}, "list": {"revision": 3, "at": NOW},
        "at": NOW,
    }  # fmt: skip


STATE = {
    "lock": "LOCKED",
    "door": None,
    "mode": "normal",
    "until": None,
    "lockout": False,
    "alarms": [],
    "at": NOW,
}
OCCUPANCY = {"count": 3, "capacity": 15, "occupied": True, "confidence": "exact", "since": NOW, "at": NOW}
ACCESS = {
    "revision": 12, "digest": EMPTY_DIGEST, "complete": True, "members": [asdict(MEMBER)],
    "codes": CODES, "rules": RULES, "server_time": NOW,
}  # fmt: skip
QUESTIONS = (
    ("unlock", {}), ("mode", {"mode": "open", "until": NOW + 60}), ("count", {"count": 3}), ("identify", {}),
    ("revoke", {"member": "0427", "through": 4}), ("forget", {"member": "0427"}), ("status", {}),
    ("refresh", {}),
    ("reinstate", {"member": "0427"}), ("replay", {"log": "0123456789abcdef", "from": 1}),
    ("clock", {"now": NOW}),
)  # fmt: skip

PARSERS: Mapping[str, Parser] = {
    "door-settings": Parser(
        _door_settings, (ConfigError,),
        (_in_force(sample(Config())), b'[lock]\nkind = "maglock"\npin = 17\n'),
    ),
    "server-settings": Parser(
        _server_settings, (SettingsError, UnicodeDecodeError),
        (_in_force(sample(Settings())), b'[codes]\ndigits = 7\n[mqtt]\nbroker = "external"\n'),
    ),
    "message": Parser(
        _signed, (MessageError,),
        (_json(Command("c-1", 5, "unlock", {}, NOW + 9).as_json()),
         _json(Ack("0" * 16, 7, "ab" * 32).as_json())),
    ),
    "json": Parser(_loads, (ValueError,), (b'{"revision":3}', b'{"a":"\\u00e9","b":[1,null,true]}')),
    "row": Parser(
        _row, (RowError,),
        (_row_body(type="granted", member="0427", detail={"kind": "phone"}),
         _row_body(type="denied", reason="x"), b'{"type":"gap","log":"0123456789abcdef","from":1,"seq":4}'),
    ),
    "access-answer": Parser(_access_answer, (MalformedError, ConfigError, NotJsonError), (_json(ACCESS),)),
    "access-record": Parser(_access_record, (AccessError, NotJsonError), (_json(asdict(MEMBER)),)),
    "enrol-answer": Parser(_enrol_answer, (ConfigError, NotJsonError), (_json(ENROLLED),)),
    "socket": Parser(
        _socket, (), tuple(_json({"verb": verb, "args": args}) + b"\n" for verb, args in QUESTIONS)
    ),
    "keypad": Parser(
        _typed, (), (b"0427719385", b"0427 719 385\r\n719385#\n", b"12\x7f*\n\x1b[A\xef\xbc\x91")
    ),
    "story": Parser(
        _story, (story.StoryError,),
        tuple(file.read_bytes() for file in sorted((ROOT / "stories").glob("*.story"))[:6]),
    ),
    "state": Parser(_state, (), (b"online", _json(STATE), _json(OCCUPANCY), _json(_health()))),
    "enrolment": Parser(_body, (), (_json({"token": "abcdef123456", "door": "yuexin"}), b"", b"[]")),
}  # fmt: skip


def corpus(name: str) -> dict[str, bytes]:
    """What was found for a parser, by file name."""
    folder = ROOT / "tests" / "corpus" / name
    return {file.name: file.read_bytes() for file in sorted(folder.glob("*"))}
