"""Every key of every device tried wrongly, by the settings' own description; each is told by name and line.

A key that is new is tried as well, and a fault that is new needs a case here: neither can be forgotten.
"""

from __future__ import annotations

import ast
import inspect
import json
import sys
import types
from collections.abc import Iterator
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contract.options import Option, choices, expected, option_of
from contract.settings import Fault, SettingsError, read
from door import attachments, config, fittings
from door.config import Config
from door.keypads import table as keypad_table

DEVICES = [of.name for of in fields(Config) if of.name not in ("door", "room", "codes", "budget", "audit")]


@dataclass(frozen=True)
class Key:
    """One key of a table: what it may be."""

    table: str
    name: str
    hint: Any
    limits: Option

    @property
    def heading(self) -> str:
        """The line before it."""
        return f"[[{self.table}]]" if self.table == "keypads" else f"[{self.table}]"

    @property
    def path(self) -> str:
        """As a fault names it."""
        return f"{self.table}{'[1]' if self.table == 'keypads' else ''}.{self.name}"

    @property
    def one(self) -> Any:
        """The type of a value; of a list, of each of its values."""
        hint = self.hint
        if get_origin(hint) in (Union, types.UnionType):
            hint = next(arg for arg in get_args(hint) if arg is not types.NoneType)
        return get_args(hint)[0] if get_origin(hint) is tuple else hint

    @property
    def is_list(self) -> bool:
        """Whether it takes several."""
        return get_origin(self.hint) is tuple

    @property
    def is_pin(self) -> bool:
        """Whether its numbers are those of the header."""
        return self.one is int and (self.limits.least, self.limits.most) == (0, 27)


def keys() -> Iterator[Key]:
    """Every key of every device."""
    for of in fields(Config):
        cls: Any = get_type_hints(Config)[of.name]
        cls = get_args(cls)[0] if get_origin(cls) is tuple else cls
        assert is_dataclass(cls)
        if of.name in DEVICES:
            hints = get_type_hints(cls)
            yield from (Key(of.name, key.name, hints[key.name], option_of(key)) for key in fields(cls))


KEYS = list(keys())
assert len(KEYS) > 80


def wrong(key: Key) -> Iterator[object]:
    """Values that it may not be: of another type, out of its range, a word it does not know."""
    yield from (v for v in (True, 7, 1.5, "", [], {}) if not _right_type(key, v))
    for value in _wrong_ones(key):
        yield [value] if key.is_list else value


def _right_type(key: Key, value: object) -> bool:
    if key.is_list:
        return isinstance(value, list)
    if key.one is bool:
        return isinstance(value, bool)
    if key.one is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, str)


def _wrong_ones(key: Key) -> Iterator[object]:
    limits = key.limits
    if key.one is int:
        if limits.least is not None:
            yield int(limits.least) - 1
        if limits.most is not None:
            yield int(limits.most) + 1
        yield 10**30
    if choices(key.one, limits):
        yield "something else"
    elif limits.pattern is not None and key.one is str:
        yield "\t"
    elif key.one is bytes:
        yield "0f"
    if key.one in (str, Path):
        yield "two\nlines"


def faults(text: str) -> tuple[Fault, ...]:
    """All that is wrong with a text."""
    try:
        read(Config, text)
    except SettingsError as error:
        return error.faults
    return ()


def written(key: Key, value: object) -> str:
    """A line of TOML; its strings are JSON's."""
    return f"{key.name} = {'{}' if value == {} else json.dumps(value)}"


# -- each by itself -------------------------------------------------------------------------------


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_each_wrong_value_is_told_by_its_key_its_line_and_what_it_may_be(key: Key) -> None:
    tried = list(wrong(key))
    assert len(tried) >= 4
    for value in tried:
        [fault] = faults(f"{key.heading}\n{written(key, value)}\n")
        assert fault.line == 2
        assert fault.key in (key.path, f"{key.path}[1]"), value
        may_be = "a list" if key.is_list and not isinstance(value, list) else expected(key.one, key.limits)
        assert fault.text.startswith(f"must be {may_be}"), value


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.path)
def test_a_key_misspelt_is_told_with_the_right_one(key: Key) -> None:
    misspelt = f"{key.name}_"
    [fault] = faults(f"{key.heading}\n{misspelt} = 1\n")
    assert "there is no such key; did you mean" in fault.text
    assert fault.key.endswith(misspelt)


@pytest.mark.parametrize("key", [key for key in KEYS if key.limits.secret], ids=lambda key: key.path)
def test_a_secret_is_in_no_fault(key: Key) -> None:
    [fault] = faults(f'{key.heading}\n{key.name} = ["hunter2hunter2"]\n')
    assert "hunter2" not in str(fault)


# -- all at once ----------------------------------------------------------------------------------


@pytest.mark.parametrize("n", range(6))
def test_all_faults_of_all_devices_are_told_at_once(n: int) -> None:
    """One for each key that is wrong, and none for another."""
    chosen = {key: (values := list(wrong(key)))[n % len(values)] for key in KEYS}
    assert sorted(_stem(fault) for fault in faults(_file(chosen))) == sorted(key.path for key in KEYS)


@settings(max_examples=40)
@given(st.sets(st.sampled_from(KEYS), min_size=1, max_size=6))
def test_a_fault_brings_no_other_with_it(some: set[Key]) -> None:
    """A key that is wrong has its default meanwhile, and what that would clash with is not told."""
    told = {_stem(fault) for fault in faults(_file({key: next(wrong(key)) for key in some}))}
    assert told == {key.path for key in some}


def _stem(fault: Fault) -> str:
    """The key without the number in a list."""
    return fault.key.removesuffix("[1]")


def _file(chosen: dict[Key, object]) -> str:
    tables_: dict[str, list[str]] = {}
    for key, value in chosen.items():
        tables_.setdefault(key.heading, []).append(written(key, value))
    return "\n".join("\n".join([heading, *lines]) for heading, lines in tables_.items())


# -- pins -----------------------------------------------------------------------------------------

FITS = {"indicator": 'kind = "pins"', "keypads": 'kind = "{kind}"'}  # how else than fitted = true
KINDS = {"rows": "matrix", "columns": "matrix", "data": "wiegand"}
PINS = [key for key in KEYS if key.is_pin and key.path != "lock.pin"]


def on(key: Key, pin: int) -> str:
    """A file in which this device is fitted and on that pin, and no other is but lock and what is usual."""
    fits = FITS.get(key.table, "fitted = true").format(kind=KINDS.get(key.name, ""))
    value: object = pin
    if key.is_list:
        usual = {"rows": [10, 11, 12, 13], "columns": [14, 15, 20], "data": [10, 11]}[key.name]
        value = [pin, *usual[1:]]
    others = "" if key.table == "keypads" else "keypads = []\n"
    extra = "columns = [14, 15, 20]\n" if key.name == "rows" else ""
    return f"{others}{key.heading}\n{fits}\n{extra}{key.name} = {json.dumps(value)}\n"


@pytest.mark.parametrize("key", PINS, ids=lambda key: key.path)
def test_two_on_one_pin_are_told_by_both_names(key: Key) -> None:
    """The lock's is 17. A pin that is in no clash is one that ``pins_in_use`` forgot."""
    [fault] = faults(on(key, 17))
    told = str(fault)
    assert key.path in told
    assert "GPIO17 is already taken by" in told
    assert "lock.pin" in told


@pytest.mark.parametrize("pin", range(4))
@pytest.mark.parametrize("key", PINS, ids=lambda key: key.path)
def test_a_pin_that_cannot_be_used_is_told_with_the_reason(key: Key, pin: int) -> None:
    [fault] = faults(on(key, pin))
    assert fault.key in (key.path, f"{key.path}[1]")
    assert "take one of GPIO4 to GPIO27" in fault.text


# -- what no key can tell alone -------------------------------------------------------------------

CASES = {
    '[lock]\npin = 5\n[[keypads]]\nkind = "terminal"': "lock.pin",
    "[contact]\nheld_alarm_seconds = 10": "contact.held_alarm_seconds",
    "[contact]\npin = 17": "contact.pin",
    '[[keypads]]\n[[keypads]]\nkind = "terminal"': "keypads[2].name",
    '[[keypads]]\nkind = "terminal"\n[[keypads]]\nname = "b"\nkind = "terminal"': "keypads[2].kind",
    '[[keypads]]\nkind = "usb"\ndevice = "x"\n[[keypads]]\nname = "b"\nkind = "usb"\ndevice = "x"': (
        "keypads[2].device"
    ),
    '[[keypads]]\nkind = "usb"': "keypads[1].device",
    '[[keypads]]\nkind = "wiegand"\ndata = [5]': "keypads[1].data",
    '[[keypads]]\nlayout = ["123"]': "keypads[1].layout",
    '[[keypads]]\nlayout = ["123", "456", "788", "*0#"]': "keypads[1].layout",
    f'[[keypads]]\nkind = "osdp"\ndevice = "ttyUSB0"\nsecure_key = "{"1f" * 16}"': "keypads[1].device",
    f'[[keypads]]\nkind = "osdp"\ndevice = "/dev/ttyUSB0"\nsecure_key = "{keypad_table.FACTORY_KEY.hex()}"': (
        "keypads[1].secure_key"
    ),
    f'[[keypads]]\nkind = "osdp"\ndevice = "/dev/ttyUSB0"\nbaud = 9601\nsecure_key = "{"1f" * 16}"': (
        "keypads[1].baud"
    ),
    '[[keypads]]\nkind = "osdp"\ndevice = "/dev/ttyUSB0"': "keypads[1].secure_key",
    "[voice]\nfitted = true\nlanguages = []": "voice.languages",
    '[voice]\nlanguages = ["en", "en"]': "voice.languages",
    "[display]\nfitted = true\nlanguages = []": "display.languages",
    '[display]\nlanguages = ["en", "en"]': "display.languages",
}
TOLD_IN = (attachments, fittings, keypad_table, config)


@pytest.mark.parametrize("text", CASES, ids=lambda text: " ".join(text.split())[:70])
def test_what_goes_wrong_together_is_told_in_words(text: str) -> None:
    [fault] = faults(text)
    assert fault.key == CASES[text]
    assert fault.line is not None
    assert len(fault.text.split()) > 3


def test_no_fault_of_a_device_is_without_a_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place in the code that tells of one is reached by the cases above; one lies elsewhere."""
    reached: set[tuple[str, int]] = set()

    def noted(*args: Any, **kwargs: Any) -> Fault:
        frame = sys._getframe(1)
        reached.add((frame.f_globals["__name__"], frame.f_lineno))
        return Fault(*args, **kwargs)

    there = set()
    for module in TOLD_IN:
        monkeypatch.setattr(module, "Fault", noted)
        for node in ast.walk(ast.parse(inspect.getsource(module))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Fault":
                there.add((module.__name__, node.lineno))
    for text in CASES:
        faults(text)
    missed = there - reached
    lines = {inspect.getsource(sys.modules[name]).splitlines()[line - 1].strip() for name, line in missed}
    assert lines == {'yield Fault("door.credentials", fault)'}  # tests/test_config.py: it is no device's
