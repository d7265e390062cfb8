"""The door's configuration: all faults at once, one device a pin, guarded credentials, the server's word."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.codes import WINDOWS, Codes, Kind, Window
from contract.hours import Hours
from contract.sample import sample
from contract.settings import Fault, SettingsError, read
from door import assemble
from door import credentials as credentials_file
from door.config import Config, broker, load, rules
from door.credentials import Broker, Credentials
from door.errors import ConfigError, DoorError
from tests.hostile import HOSTILE_TEXTS, HOSTILE_VALUES

SAMPLE = Path(__file__).parents[1] / "config.toml"
KEY = bytes(range(32))
TOKEN = "token-that-nobody-sees"
PASSWORD = "password-that-nobody-sees"
ENROLLED = Credentials(Broker("broker.example.org", 8883, "door-a", PASSWORD), "study-room", KEY, TOKEN, 7)
SECRETS = (KEY.hex(), TOKEN, PASSWORD, repr(KEY))


@pytest.fixture
def config_at(tmp_path: Path) -> Callable[[str], Path]:
    """A configuration file of this text."""

    def write(text: str) -> Path:
        path = tmp_path / "config.toml"
        path.write_text(text, encoding="utf-8", errors="surrogatepass")
        return path

    return write


def faults(text: str) -> list[str]:
    with pytest.raises(SettingsError) as error:
        read(Config, text)
    return [str(fault) for fault in error.value.faults]


# -- config.toml ----------------------------------------------------------------------------------


def test_the_file_that_comes_with_the_door_is_valid_and_says_what_holds_without_it() -> None:
    assert load(SAMPLE) == Config()


def test_the_file_has_every_key_and_its_explanation() -> None:
    """Written by ``sample(Config())``: after a change of a table, write it again."""
    assert SAMPLE.read_text(encoding="utf-8") == sample(Config())


def test_every_key_and_every_table_is_explained() -> None:
    for table in fields(Config):
        value = getattr(Config(), table.name)
        one = value[0] if isinstance(value, tuple) else value
        assert is_dataclass(one)
        assert one.__doc__
        for key in fields(one):
            assert key.metadata["option"].doc.endswith("."), f"{table.name}.{key.name}"
            given_value = getattr(one, key.name)
            assert given_value not in (None, {}) or key.metadata["option"].example is not None, key.name


def test_every_example_of_the_file_is_right() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    lines = [
        line.removeprefix("# ") if line.startswith("# ") and " = " in line else line
        for line in text.split("\n")
    ]
    config = read(Config, "\n".join(lines))
    assert config.server.url == "https://room.example.org"
    assert config.indicator.buzzer == 18
    assert config.room.hours == {"sat": ("08:00-12:00", "13:00-22:00"), "sun": ()}


def test_the_file_leaves_free_what_the_pi_needs() -> None:
    used = set(Config().pins_in_use().values())
    assert not used & {0, 1, 2, 3, 14, 15}
    assert len(used) == len(Config().pins_in_use())


# -- faults ---------------------------------------------------------------------------------------


def test_ten_faults_are_told_as_ten() -> None:
    text = """
[door]
name = "Study Room"
[server]
url = "http://room.example.org"
[lock]
knid = "maglock"
unlock_seconds = "5"
[contact]
pin = 17
held_alarm_seconds = 10
[indicator]
red = 2
[room]
time_zone = "Asia/Shangai"
hours = { sunday = ["08:00-22:00"], mon = ["22:00-08:00"] }
"""
    told = """
door.name (line 3): must be 1 to 32 of a-z, 0-9 and -, not "Study Room"
server.url (line 5): must begin with https://; plain http:// is for a server on this machine
lock.knid (line 7): there is no such key; did you mean "kind"?
lock.unlock_seconds (line 8): must be a whole number from 1 to 60, not "5"
contact.pin (line 10): GPIO17 is already taken by lock.pin
contact.held_alarm_seconds (line 11): must be at least held_seconds (30): the warning comes first
indicator.red (line 13): GPIO2 has a fixed pull-up of 1.8 kΩ
room.time_zone (line 15): there is no such time zone; did you mean "Asia/Shanghai"?
room.hours (line 16): hours: no day 'sunday'; days are mon tue wed thu fri sat sun
room.hours (line 16): mon: 22:00-08:00 must begin before it ends, within 00:00-24:00
"""
    begins = told.strip().split("\n")
    assert [fault[: len(begin)] for fault, begin in zip(faults(text), begins, strict=True)] == begins


def test_load_tells_all_faults_with_the_file_and_no_traceback_of_the_reader(config_at: Any) -> None:
    path = config_at('[lock]\npin = 99\nkind = "strik"\n')
    with pytest.raises(ConfigError) as error:
        load(path)
    assert isinstance(error.value, DoorError)
    assert str(error.value).splitlines() == [
        f"{path} has 2 faults:",
        "  lock.pin (line 2): must be a whole number from 0 to 27, not 99",
        '  lock.kind (line 3): must be one of "strike", "maglock", not "strik"; did you mean "strike"?',
    ]


def test_no_file_a_folder_and_bytes_that_are_no_text_are_told(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    for name, words in {"none": "No such file", ".": "Is a directory", "bytes": "is not UTF-8 text"}.items():
        with pytest.raises(ConfigError, match=words):
            load(tmp_path / name)


DEVICES = {
    "lock.pin": "lock.pin = {}",
    "contact.pin": "contact.pin = {}",
    "exit_button.pin": "exit_button.pin = {}",
    "indicator.green": "indicator.green = {}",
    "indicator.buzzer": "indicator.buzzer = {}",
    "keypads[1].rows[2]": "rows = [5, {}, 13, 19]",
    "keypads[1].columns[1]": "columns = [{}, 16, 20]",
}


def on_pin(pin: int, *devices: str) -> str:
    """A configuration with these devices on that pin."""
    keypad = ", ".join(DEVICES[device].format(pin) for device in devices if "keypads" in device)
    others = [DEVICES[device].format(pin) for device in devices if "keypads" not in device]
    return "\n".join([f"keypads = [{{ {keypad} }}]", *others])


@pytest.mark.parametrize("one, other", list(combinations(DEVICES, 2)))
def test_two_devices_on_one_pin_are_one_fault_that_names_both(one: str, other: str) -> None:
    assert read(Config, on_pin(21, one)).pins_in_use()[one] == 21
    [fault] = faults(on_pin(21, one, other))
    assert one in fault
    assert other in fault
    assert "GPIO21 is already taken by" in fault


@pytest.mark.parametrize("pin, why", [(0, "HATs"), (1, "HATs"), (2, "fixed pull-up"), (3, "fixed pull-up")])
@pytest.mark.parametrize("device", DEVICES)
def test_pins_that_cannot_be_used_are_refused_with_the_reason(device: str, pin: int, why: str) -> None:
    [fault] = faults(on_pin(pin, device))
    assert fault.startswith(device)
    assert why in fault


@pytest.mark.parametrize("pin", [4, 5, 6, 7, 8])
def test_a_pin_pulled_up_at_boot_may_not_unlock(pin: int) -> None:
    keypads = "keypads = []\n"
    assert "would unlock" in faults(f"{keypads}[lock]\npin = {pin}")[0]
    assert read(Config, f"{keypads}[lock]\npin = {pin}\nactive_high = false").lock.pin == pin


def test_what_is_not_fitted_takes_no_pin() -> None:
    text = "[lock]\npin = 27\n[contact]\nfitted = false\n[exit_button]\nfitted = false\npin = 27\n"
    text += '[indicator]\nkind = "none"\nred = 27\n[[keypads]]\nkind = "terminal"\ncolumns = [27, 16, 20]\n'
    assert read(Config, text).pins_in_use() == {"lock.pin": 27}


def test_a_pin_that_is_faulty_itself_is_in_no_clash() -> None:
    assert len(faults('[lock]\npin = "x"\n[contact]\npin = 17\n')) == 1


@pytest.mark.parametrize(
    "layout, words",
    [
        ('["123", "456", "789"]', "must have 4 rows of 3 keys"),
        ('["123", "456", "789", "*0"]', "must have 4 rows of 3 keys"),
        ('["123", "456", "788", "*0#"]', "must have every digit, and no key twice: look at 9 8"),
        ('["123", "456", "789", "*x#"]', "must be the keys of a row"),
    ],
)
def test_a_layout_fits_its_pins_and_has_every_digit(layout: str, words: str) -> None:
    [fault] = faults(f"[[keypads]]\nlayout = {layout}")
    assert words in fault


def test_keypads_have_names_of_their_own_and_one_terminal() -> None:
    two = '[[keypads]]\nkind = "terminal"\n[[keypads]]\nkind = "terminal"\n'
    assert faults(two) == [
        'keypads[2].name (line 3): "outside" is already keypads[1].name: give it another',
        "keypads[2].kind (line 4): there is one terminal, and it is taken: choose another kind",
    ]
    assert len(read(Config, '[[keypads]]\n[[keypads]]\nname = "b"\nkind = "terminal"').keypads) == 2
    assert read(Config, "keypads = []").keypads == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example",
        "https://a.example:8443/x",
        "http://127.0.0.1:8000",
        "http://[::1]:1",
        "http://localhost",
    ],
)
def test_the_server_is_reached_by_tls_or_on_this_machine(url: str) -> None:
    assert read(Config, f'[server]\nurl = "{url}"').server.url == url


NO_URLS = [
    *(
        "",
        "a.example",
        "ftp://a.example",
        "http://a.example",
        "http://127.0.0.1.example",
        "https://",
        "https://[",
    ),
    *("http://10.0.0.1", f"https://door:{PASSWORD}@a.example", f"https://a.example?t={PASSWORD}"),
    *(f"https://a:{PASSWORD}", PASSWORD),
]


@pytest.mark.parametrize("url", NO_URLS)
def test_any_other_url_is_a_fault_that_does_not_quote_it(url: str) -> None:
    [fault] = faults(f'[server]\nurl = "{url}"')
    assert fault.startswith("server.url")
    assert PASSWORD not in fault


@pytest.mark.parametrize("day", ["2026-10-1", "20261001", "2026-W40-4", "2026-02-30", "tomorrow"])
def test_a_holiday_is_a_date(day: str) -> None:
    [fault] = faults(f'[room.holidays]\n"{day}" = []')
    assert "is no date; write 2026-10-01" in fault


def test_quiet_hours_may_span_midnight_or_be_none() -> None:
    def quiet(hours: str, *clock: str) -> list[bool]:
        config = read(Config, f'[indicator]\nquiet = "{hours}"')
        return [
            assemble.quiet(config.indicator.quiet, datetime.fromisoformat(f"2026-11-24T{at}+08:00"))
            for at in clock
        ]

    assert quiet("22:00-07:00", "00:00", "06:59", "07:00", "21:59", "22:00") == [
        True,
        True,
        False,
        False,
        True,
    ]
    assert quiet("12:00-14:00", "11:59", "12:00", "13:59", "14:00") == [False, True, True, False]
    assert quiet("", "00:00", "12:00", "23:59") == [False, False, False]
    for wrong in ("22:00", "24:00-07:00", "22:60-07:00", "22-7"):
        assert "indicator.quiet" in faults(f'[indicator]\nquiet = "{wrong}"')[0]


KEYS = [
    (table.name, key.name)
    for table in fields(Config)
    for key in fields(
        getattr(Config(), table.name)[0] if table.name == "keypads" else getattr(Config(), table.name)
    )
]
TOML_VALUES = [
    "-1",
    "28",
    "1e999",
    "nan",
    "true",
    '""',
    '"x"',
    "[]",
    "[[]]",
    "[1]",
    "{}",
    "{ a = 1 }",
    "07:32:00",
    "9" * 4000,
]


@pytest.mark.parametrize("table, key", KEYS)
def test_a_mistyped_key_is_a_fault_of_its_own_table_and_never_a_crash(table: str, key: str) -> None:
    heading = f"[[{table}]]" if table == "keypads" else f"[{table}]"
    seen = [outcome(f"{heading}\n{key} = {value}") for value in TOML_VALUES]
    assert any(seen), "some of these values are wrong for any key"
    assert all(fault.key.startswith(table) for found in seen for fault in found)


def outcome(text: str) -> tuple[Fault, ...]:
    """The faults of a text; anything else that is raised is a bug."""
    try:
        read(Config, text)
    except SettingsError as error:
        return error.faults
    return ()


flat_keys = st.sampled_from([key for key in KEYS if key[0] not in ("mqtt", "keypads")])


@given(st.dictionaries(flat_keys, st.sampled_from(TOML_VALUES), max_size=8))
def test_no_password_is_ever_shown(wrong: dict[tuple[str, str], str]) -> None:
    text = "".join(f"{table}.{key} = {value}\n" for (table, key), value in wrong.items())
    shown = "\n".join(faults(f'{text}[mqtt]\npassword = ["{PASSWORD}"]\n'))
    assert "mqtt.password" in shown
    assert PASSWORD not in shown


def test_a_password_is_in_no_repr() -> None:
    assert PASSWORD not in repr(read(Config, f'[mqtt]\npassword = "{PASSWORD}"'))


# -- credentials ----------------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    path = tmp_path / "studyroom" / "door.json"
    credentials_file.save(ENROLLED, path)
    return path


def test_credentials_come_back_as_they_were_saved(saved: Path) -> None:
    assert credentials_file.load(saved) == ENROLLED
    full = replace(
        ENROLLED,
        mqtt=replace(ENROLLED.mqtt, ca="-----BEGIN\nCERT\n"),
        codes={"digits": 8},
        rules={"revision": 3},
    )
    credentials_file.save(full, saved)
    assert credentials_file.load(saved) == full


def test_credentials_are_readable_by_their_owner_alone_and_nothing_is_left_beside(saved: Path) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    saved.chmod(0o644)
    credentials_file.save(ENROLLED, saved)
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    assert list(saved.parent.iterdir()) == [saved]


def test_a_save_that_fails_leaves_the_old_file(saved: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        credentials_file.save(replace(ENROLLED, command_n=8), saved)
    assert list(saved.parent.iterdir()) == [saved]
    assert credentials_file.load(saved) == ENROLLED


def test_no_secret_is_in_the_repr(saved: Path) -> None:
    assert not any(secret in repr(credentials_file.load(saved)) for secret in SECRETS)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_credentials_that_others_can_touch_are_refused_by_both_readers(saved: Path, mode: int) -> None:
    saved.chmod(mode)
    with pytest.raises(ConfigError, match=rf"by others \(mode {mode:04o}\); run: chmod 600"):
        credentials_file.load(saved)
    [fault] = faults(f'[door]\ncredentials = "{saved}"')
    assert fault.startswith("door.credentials (line 2): ")


def test_a_door_that_is_not_enrolled_is_told_how(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"there are no credentials at .*; run: door enroll"):
        credentials_file.load(tmp_path / "none")
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        credentials_file.load(tmp_path)
    assert read(Config, f'[door]\ncredentials = "{tmp_path}/none"'), "enrolling reads the configuration first"


def test_systemd_may_pass_the_credentials_in(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its file has a mask that looks like a readable group, and an administrator's own file comes first."""
    passed = tmp_path / "passed"
    passed.mkdir()
    credentials_file.save(replace(ENROLLED, command_n=9), passed / "door")
    (passed / "door").chmod(0o440)
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(passed))
    assert credentials_file.load(tmp_path / "none").command_n == 9
    assert credentials_file.load(saved).command_n == 7


def as_answer(credentials: Credentials) -> dict[str, Any]:
    mqtt = {key.name: getattr(credentials.mqtt, key.name) for key in fields(Broker)}
    return {
        "door": credentials.door,
        "door_key": KEY.hex(),
        "api_token": TOKEN,
        "mqtt": mqtt,
        "command_n": credentials.command_n,
        "codes": {},
        "rules": {},
    }


def test_the_answer_to_enrolling_is_taken_with_more_than_we_know() -> None:
    answer = as_answer(ENROLLED)
    more = {**answer, "server_time": 1, "mqtt": {**answer["mqtt"], "websocket": None}}
    assert credentials_file.parse(more) == ENROLLED


@pytest.mark.parametrize("key", ["door", "door_key", "api_token", "mqtt"])
def test_an_answer_that_lacks_something_is_a_fault(key: str) -> None:
    answer = as_answer(ENROLLED)
    del answer[key]
    with pytest.raises(ConfigError, match=f"{key}: is missing"):
        credentials_file.parse(answer)


@pytest.mark.parametrize("key", ["", KEY[:31].hex(), (KEY + b"0").hex(), "not-a-key", KEY.hex()[:-1] + "g"])
def test_a_door_key_is_32_bytes_and_is_not_shown(key: str) -> None:
    with pytest.raises(ConfigError) as error:
        credentials_file.parse({**as_answer(ENROLLED), "door_key": key})
    assert "door_key: must be 32 bytes in hex or base64, not what is there" in str(error.value)
    assert not key or key not in str(error.value)


mistyped = st.integers(0, len(HOSTILE_VALUES) - 1).map(HOSTILE_VALUES.__getitem__) | st.text() | st.integers()


@given(st.dictionaries(st.sampled_from([key.name for key in fields(Credentials)]), mistyped))
def test_no_answer_breaks_the_reader_or_shows_a_secret(wrong: Mapping[str, object]) -> None:
    shown = ""
    try:
        credentials_file.parse({**as_answer(ENROLLED), **wrong})
    except ConfigError as error:
        shown = str(error)
    assert not any(secret in shown for secret in SECRETS)


@pytest.mark.parametrize("raw", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
def test_a_broken_file_is_told_without_quoting_it(saved: Path, raw: bytes) -> None:
    saved.write_bytes(raw)
    with pytest.raises(ConfigError) as error:
        credentials_file.load(saved)
    assert len(str(error.value)) < 600


# -- the broker -----------------------------------------------------------------------------------


def test_the_broker_is_the_one_enrolling_told_unless_the_file_says_another(tmp_path: Path) -> None:
    assert broker(Config(), ENROLLED) == ENROLLED.mqtt
    ca = tmp_path / "ca.pem"
    ca.write_text("-----BEGIN\n")
    text = (
        f'[mqtt]\nhost = "localhost"\nport = 1884\nusername = "b"\npassword = "p"\ntls = false\nca = "{ca}"'
    )
    assert broker(read(Config, text), ENROLLED) == Broker("localhost", 1884, "b", "p", False, "-----BEGIN\n")
    ca.unlink()
    with pytest.raises(ConfigError, match=r"mqtt\.ca: .* cannot be read"):
        broker(read(Config, text), ENROLLED)


def test_member_numbers_pass_no_wire_in_the_clear() -> None:
    with pytest.raises(
        ConfigError, match=r"broker\.example\.org is another machine, and without TLS"
    ) as error:
        broker(read(Config, "[mqtt]\ntls = false"), ENROLLED)
    assert PASSWORD not in str(error.value)


# -- the rules in force ---------------------------------------------------------------------------


def test_the_rules_are_the_file_s_where_the_server_says_nothing() -> None:
    text = (
        "[lock]\nunlock_seconds = 7\n[contact]\nfitted = false\nheld_seconds = 40\nheld_alarm_seconds = 90\n"
        "forced_grace_ms = 900\n[exit_button]\nshunt_seconds = 11\nunlocks = false\n[budget]\ntokens = 5\n"
        'refill_hours = 3\n[clock]\ntrust = "system"\nsearch_hours = 100\nstaff_search_hours = 50\n[access]\n'
        "lease_days = 10\nlist_stale_hours = 12\n[occupancy]\nempty_after_hours = 8\n[codes]\ndigits = 8\n"
        'member_digits = 5\npaper_uses = 3\n[room]\nname = "Lane 9"\ncapacity = 20\n'
        'time_zone = "Asia/Urumqi"\n'
        'when_full = "refuse"\nnote = "quiet"\nhours = { sun = [] }\n'
        'holidays = { 2026-10-01 = ["08:00-12:00"] }\n'
    )
    made = rules(read(Config, text), ENROLLED)
    assert (made.door, made.door_key, made.revision) == ("study-room", KEY, 0)
    assert (made.unlock_ms, made.has_contact, made.held_ms, made.held_alarm_ms) == (
        7_000,
        False,
        40_000,
        90_000,
    )
    assert (made.forced_grace_ms, made.exit_shunt_ms, made.exit_unlocks) == (900, 11_000, False)
    assert (made.budget_tokens, made.budget_refill_ms) == (5, 3 * 3_600_000)
    assert (made.trust_system_clock, made.search_seconds, made.staff_search_seconds) == (
        True,
        360_000,
        180_000,
    )
    assert (made.lease_seconds, made.list_stale_seconds) == (864_000, 43_200)
    assert made.empty_after_ms == 8 * 3_600_000
    assert (made.codes.digits, made.codes.member_digits, made.codes.paper_uses) == (8, 5, 3)
    assert (made.codes.room, str(made.codes.time_zone), made.codes.windows) == (
        "Lane 9",
        "Asia/Urumqi",
        WINDOWS,
    )
    assert (made.capacity, made.when_full, made.note) == (20, "refuse", "quiet")
    assert (made.hours.week[6], made.hours.dates) == ((), {"2026-10-01": ((480, 720),)})
    assert not any(secret in repr(made) for secret in SECRETS)


def test_the_default_rules_are_those_of_the_design() -> None:
    made = rules(Config(), ENROLLED)
    assert replace(made, door_key=b"") == type(made)("study-room", b"")


TOLD: dict[str, Any] = {
    "codes": {
        "digits": 7,
        "member_digits": 5,
        "windows": {
            "phone": {"step": 60, "skew": 10, "grace": 20},
            "badge": {"step": 60, "skew": 0, "grace": 0},
        },
        "bundle": 900,
        "paper_uses": 4,
        "time_zone": "Europe/Berlin",
        "room": "号",
        "announced": {"digits": 8},
    },
    "rules": {
        "revision": 12,
        "hours": {"mon": []},
        "holidays": {"2026-10-01": []},
        "capacity": 9,
        "when_full": "refuse",
        "note": "two\nlines",
    },
}


def test_what_the_server_says_of_codes_and_rules_holds() -> None:
    made = rules(Config(), ENROLLED, TOLD)
    codes = made.codes
    assert (codes.digits, codes.member_digits, codes.bundle_seconds, codes.paper_uses) == (7, 5, 900, 4)
    assert (str(codes.time_zone), codes.room) == ("Europe/Berlin", "号")
    assert codes.windows == {**WINDOWS, Kind.PHONE: Window(60, 10, 20)}
    assert (made.revision, made.capacity, made.when_full, made.note) == (12, 9, "refuse", "two\nlines")
    assert made.hours == Hours(((), *Hours().week[1:]), {"2026-10-01": ()})
    assert made.unlock_ms == 5000


def test_the_latest_word_holds_then_that_of_enrolling_then_the_file() -> None:
    enrolled = replace(ENROLLED, codes={"digits": 7}, rules={"capacity": 30, "note": None})
    config = read(Config, '[room]\ncapacity = 5\nnote = "file"\n[codes]\ndigits = 8\npaper_uses = 2')
    first, later = rules(config, enrolled), rules(config, enrolled, {"rules": {"capacity": 31}})
    assert (first.capacity, first.note, first.codes.digits, first.codes.paper_uses) == (30, "file", 7, 2)
    assert (later.capacity, later.codes.digits) == (31, 7)


@pytest.mark.parametrize(
    "table, key", [(table, key) for table in TOLD for key in TOLD[table] if key != "announced"]
)
def test_a_value_of_the_server_that_cannot_be_is_refused_with_its_name(table: str, key: str) -> None:
    wrongs: list[object] = [True, -1, [1], "a\0b", {"phone": 1}, {"mon": ["25:00-26:00"]}, 10**30]
    for wrong in wrongs:
        with pytest.raises(ConfigError, match=rf"what the server says of {table} has \d fault"):
            rules(Config(), ENROLLED, {**TOLD, table: {**TOLD[table], key: wrong}})


@pytest.mark.parametrize(
    "windows",
    [
        {"phone": {"step": 120, "skew": 60, "grace": 61}},
        {"phone": {"step": 9, "skew": 0, "grace": 0}},
        {"phone": {"step": 1801, "skew": 0, "grace": 0}},
        {"paper": {"step": 3600, "skew": 0, "grace": 0}},
        {"staff": {"step": 30, "skew": 10}},
        {"staff": {"step": 30, "skew": -1, "grace": 1}},
    ],
)
def test_a_window_that_would_open_too_much_is_refused(windows: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="of codes has 1 fault:"):
        rules(Config(), ENROLLED, {"codes": {"windows": windows}})


@given(
    st.sampled_from(["codes", "rules"]),
    st.dictionaries(st.sampled_from([*TOLD["codes"], *TOLD["rules"]]), mistyped),
)
def test_whatever_the_server_says_there_are_rules_or_a_config_error(
    table: str, told: dict[str, object]
) -> None:
    try:
        made = rules(Config(), ENROLLED, {table: told})
    except ConfigError as error:
        assert not any(secret in str(error) for secret in SECRETS)  # noqa: PT017
    else:
        assert 6 <= made.codes.digits <= 8
        assert 1 <= made.capacity <= 1000


@pytest.mark.parametrize("told", [None, [], "codes", 1])
def test_terms_are_objects(told: object) -> None:
    with pytest.raises(ConfigError, match="must be a JSON object"):
        rules(Config(), ENROLLED, {"codes": told})


def test_credentials_of_another_door_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"those of door study-room, but door\.name is other"):
        rules(read(Config, '[door]\nname = "other"'), ENROLLED)


def test_the_codes_of_a_door_without_a_server_are_the_protocol_s() -> None:
    assert rules(Config(), ENROLLED).codes == Codes()
