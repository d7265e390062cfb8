"""The settings reader: every fault at once, with its line; did-you-mean; secrets never shown."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.sample import sample
from contract.settings import Fault, SettingsError, fill, option, read
from contract.zones import ZoneError, zone
from tests.hostile import HOSTILE_TEXTS, HOSTILE_VALUES

SECRET = "correct-horse-battery"


class Colour(StrEnum):
    """A word."""

    RED = "red"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Lamp:
    """A lamp."""

    name: str = option("desk", pattern="[a-z]{1,8}", form="1 to 8 small letters", doc="Its name.")
    pin: int = option(4, least=4, most=27, doc="Its pin.")
    level: float = option(0.5, least=0, most=1, doc="How bright.")
    lit: bool = option(default=True, doc="Whether it is on.")
    colour: Colour = option(Colour.RED, doc="Which colour.")
    mode: Literal["steady", "blink"] = option("steady", doc="How.")
    times: tuple[int, ...] = option((1, 2), least=0, most=9, doc="When.")
    file: Path | None = option(None, doc="A file.", example="/etc/lamp")
    days: Mapping[str, tuple[str, ...]] = option(factory=dict, doc="Days.", example={"mon": ["08:00"]})
    first: int = option(1, doc="From.")
    last: int = option(9, doc="To.")
    weight: float = option(1.5, doc="In kg.")

    def faults(self) -> Iterator[Fault]:
        """An order that no key can tell alone."""
        if self.last < self.first:
            yield Fault("last", f"must be at least first ({self.first})", also=("first",))


@dataclass(frozen=True, slots=True)
class Account:
    """An account."""

    token: str = option("", pattern="[a-z-]{0,40}", form="small letters", secret=True, doc="Its token.")
    words: tuple[str, ...] = option((), choices=("one", "two"), secret=True, doc="Words.", example=["one"])
    key: bytes = option(b"", least=0, most=4, secret=True, doc="A key.")
    number: int = option(0, most=9, secret=True, doc="A number.")
    note: str = option("", lines=True, doc="A note.")


@dataclass(frozen=True, slots=True)
class House:
    """A house."""

    street: str = option("Lane 9", doc="Where.")
    lamp: Lamp = field(default_factory=Lamp)
    account: Account = field(default_factory=Account)
    rooms: tuple[Lamp, ...] = (Lamp(),)


@dataclass(frozen=True, slots=True)
class Must:
    """A key without a default, and a class that checks itself."""

    name: str = option(doc="Needed.")
    size: int = 1

    def __post_init__(self) -> None:
        if self.size == 13:
            raise ValueError("13 is not for hotels")


def faults(text: str, cls: type = House) -> list[str]:
    with pytest.raises(SettingsError) as error:
        read(cls, text)
    return [str(fault) for fault in error.value.faults]


def test_nothing_written_is_all_defaults() -> None:
    assert read(House, "") == House()


def test_every_kind_of_value_is_read_as_its_type() -> None:
    house = read(
        House,
        """
        street = "Lane 10"
        [lamp]
        pin = 17
        level = 1
        lit = false
        colour = "green"
        mode = "blink"
        times = [3]
        file = "/tmp/lamp"
        days = { mon = ["08:00"] }
        [account]
        key = "00ff"
        note = "two\\nlines"
        [[rooms]]
        name = "hall"
        [[rooms]]
        name = "loft"
        """,
    )
    lamp = Lamp("desk", 17, 1.0, False, Colour.GREEN, "blink", (3,), Path("/tmp/lamp"), {"mon": ("08:00",)})
    assert house == House(
        "Lane 10", lamp, Account(key=b"\x00\xff", note="two\nlines"), (Lamp("hall"), Lamp("loft"))
    )
    assert type(house.lamp.level) is float
    assert type(house.lamp.colour) is Colour


@pytest.mark.parametrize(
    "text, raw", [("AP8=", b"\0\xff"), ("AP8", b"\0\xff"), ("-_8", b"\xfb\xff"), ("", b"")]
)
def test_bytes_are_hex_or_either_base64(text: str, raw: bytes) -> None:
    assert read(Account, f'key = "{text}"').key == raw


def test_all_faults_are_told_at_once_with_key_line_and_what_may_be() -> None:
    assert faults(
        """street = 9
[lamp]
name = "Desk"
pin = 28
level = 1.5
lit = "yes"
colour = "grean"
mode = "fade"
times = [1, 10, "x"]
file = ""
days = { mon = "08:00" }
first = 5
last = 4
"""
    ) == [
        "street (line 1): must be text, not 9",
        'lamp.name (line 3): must be 1 to 8 small letters, not "Desk"',
        "lamp.pin (line 4): must be a whole number from 4 to 27, not 28",
        "lamp.level (line 5): must be a number from 0 to 1, not 1.5",
        'lamp.lit (line 6): must be true or false, not "yes"',
        'lamp.colour (line 7): must be one of "red", "green", not "grean"; did you mean "green"?',
        'lamp.mode (line 8): must be one of "steady", "blink", not "fade"',
        "lamp.times[2] (line 9): must be a whole number from 0 to 9, not 10",
        'lamp.times[3] (line 9): must be a whole number from 0 to 9, not "x"',
        'lamp.file (line 10): must be a path, not ""',
        "lamp.days.mon (line 11): must be a list, not text",
        "lamp.last (line 13): must be at least first (5)",
    ]


def test_the_error_names_the_file_and_counts() -> None:
    with pytest.raises(SettingsError, match=r"^lamp\.toml has 2 faults:\n  .*\n  .*$"):
        read(Lamp, "pin = 1\nlast = 0.5", name="lamp.toml")
    with pytest.raises(SettingsError, match=r"^lamp\.toml has 1 fault:"):
        read(Lamp, "pin = 1", name="lamp.toml")


def test_unknown_keys_and_tables_are_faults_with_a_suggestion() -> None:
    assert faults("[lmap]\npin = 4\n[lamp]\npni = 4\nzzz = 1\n[[rooms]]\nnaem = 'x'\n") == [
        'lmap (line 1): there is no such table; did you mean "lamp"?',
        'lamp.pni (line 4): there is no such key; did you mean "pin"?',
        "lamp.zzz (line 5): there is no such key",
        'rooms[1].naem (line 7): there is no such key; did you mean "name"?',
    ]


def test_a_newer_peer_may_say_more_than_we_know() -> None:
    assert fill(Lamp, {"pin": 5, "smell": "none"}, name="answer", strict=False) == Lamp(pin=5)


@pytest.mark.parametrize("text", ["lamp = 'on'", "rooms = 4", "rooms = [1]", "account = []"])
def test_a_table_must_be_a_table(text: str) -> None:
    [fault] = faults(text)
    assert "must be a " in fault


def test_a_missing_key_is_told_with_what_it_may_be() -> None:
    assert faults("", Must) == ["name: is missing; it must be text"]


def test_a_class_that_checks_itself_is_heard() -> None:
    assert faults('name = "x"\nsize = 13', Must) == ["13 is not for hotels"]


def test_one_mistake_is_one_fault() -> None:
    """What a class says of a key that is faulty already speaks of its default, not of what was written."""
    assert faults('[lamp]\nfirst = "x"\nlast = 0') == ['lamp.first (line 2): must be a whole number, not "x"']
    assert len(faults("[lamp]\nfirst = 20")) == 1, "the default of last is below it"


def test_a_syntax_error_tells_its_line() -> None:
    assert faults("[lamp]\npin = = 4\n")[0].startswith("this is not TOML: ")
    assert "line 2" in faults("[lamp]\npin = = 4\n")[0]


def test_a_line_inside_a_text_or_a_list_is_not_taken_for_a_key() -> None:
    text = 'street = """\n[lamp]\npin = 1\n"""\n# pin = 2\n[lamp]\ntimes = [\n  1,\n]\npin = 1\n'
    assert faults(text) == [
        f"street (line 1): must be text, not {json.dumps(tomllib.loads(text)['street'])}",
        "lamp.pin (line 10): must be a whole number from 4 to 27, not 1",
    ]


def test_the_same_key_of_two_tables_has_its_own_line() -> None:
    text = "[lamp]\npin = 1\n[[rooms]]\npin = 2\n[[rooms]]\npin = 3\n"
    assert [fault.split(":")[0] for fault in faults(text)] == [
        "lamp.pin (line 2)",
        "rooms[1].pin (line 4)",
        "rooms[2].pin (line 6)",
    ]


def test_a_yes_is_no_number_and_a_number_no_yes() -> None:
    assert len(faults("[lamp]\npin = true\nlevel = false\nlit = 1\n")) == 3


@pytest.mark.parametrize("number", ["nan", "inf", "-inf", "1e999", "1" + "0" * 400])
def test_a_number_that_is_none_is_a_fault(number: str) -> None:
    assert len(faults(f"[lamp]\nlevel = {number}\nweight = {number}")) == 2


@pytest.mark.parametrize("text", ["a\\u0000b", "a\\nb", "a\\u0085b"])
def test_text_without_lines_has_no_control_characters(text: str) -> None:
    assert len(faults(f'street = "{text}"\n[account]\nnote = "{text}"')) == (1 if "n" in text else 2)


def test_a_lone_surrogate_is_no_text() -> None:
    with pytest.raises(SettingsError):
        fill(House, {"street": "\ud800"}, name="answer")


def test_long_values_are_cut_and_huge_numbers_not_written_out() -> None:
    assert len(faults(f"[lamp]\nname = '{'x' * 5000}'")[0]) < 150
    assert faults(f"[lamp]\npin = {'9' * 4000}") == [
        "lamp.pin (line 2): must be a whole number from 4 to 27, not a number so large"
    ]


# -- secrets --------------------------------------------------------------------------------------


def test_a_secret_is_in_no_repr() -> None:
    assert SECRET not in repr(read(House, f'[account]\ntoken = "{SECRET}"'))


def test_a_secret_nearly_right_is_not_told_so() -> None:
    [fault] = faults('[account]\nwords = ["twoo"]')
    assert fault == 'account.words[1] (line 2): must be one of "one", "two", not what is there'


SECRET_KEYS = ["token", "words", "key", "number"]
SHAPES = r"""
"{}" | "{}!" | ["{}"] | [["{}"]] | {{ a = "{}" }} | {{ {} = 1 }} | '''{} | "{}\u0000" | "{}", | {} | "\q{}"
"{} | '{}'  1 | {{ a = "{}", a = 1 }} | ["{}" | {{ a = "{}" | 1{} | 2026-11-24{}
""".replace("\n", " | ").split(" | ")[1:-1]
TABLES = ["[account]\n{}", "account.{}", "account = [{{ {} }}]"]


@given(st.sampled_from(SECRET_KEYS), st.sampled_from(SHAPES), st.sampled_from(TABLES))
def test_a_secret_is_in_no_fault_however_it_is_written(key: str, shape: str, table: str) -> None:
    text = table.format(f"{key} = {shape.format(SECRET)}") + "\n[lamp]\npin = 1\n"
    with pytest.raises(SettingsError) as error:
        read(House, text)
    known_as_key = f"{{ {SECRET} = 1 }}" in text  # the name of a key is not a value: there it cannot be known
    assert known_as_key or SECRET not in str(error.value)
    assert SECRET not in repr(error.value.__cause__)


@pytest.mark.parametrize(
    "where", ["account = '{}'", "account.words = '{}'", "rooms = '{}'", "rooms = ['{}']"]
)
def test_a_secret_in_the_place_of_a_table_is_not_shown(where: str) -> None:
    assert SECRET not in "\n".join(faults(where.format(SECRET)))


# -- whatever the text ----------------------------------------------------------------------------

scalars = st.one_of(
    st.booleans(),
    st.integers(),
    st.integers(10**400, 10**401),
    st.floats(),
    st.text(),
    st.integers(0, len(HOSTILE_VALUES) - 1).map(HOSTILE_VALUES.__getitem__),  # one has no repr
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)
KEYS = [of.name for cls in (House, Lamp, Account) for of in fields(cls)]
names = st.sampled_from(KEYS) | st.text(max_size=6)
inner_tables = st.dictionaries(names, values, max_size=4)
tables = st.dictionaries(names, values | inner_tables | st.lists(inner_tables, max_size=2), max_size=4)


def outcome(made: Callable[[], object]) -> object:
    """What was made, or the faults; anything else that is raised is a bug."""
    try:
        return made()
    except SettingsError as error:
        return error.faults


def is_sound(result: object) -> bool:
    """Settings, or faults that each have their words on one line."""
    if isinstance(result, tuple):
        return result != () and all(fault.text and str(fault).isprintable() for fault in result)
    return isinstance(result, House)


@given(tables, st.booleans())
def test_any_values_are_settings_or_a_settings_error(values: dict[str, Any], strict: bool) -> None:
    assert is_sound(outcome(lambda: fill(House, values, name="x", strict=strict)))


WORDS = [
    *"[ ] [[ ]] { } = . , ' # 1 - true ''' 1979-05-27 07:32:00 0x 1e999 nan lamp rooms pin account".split(),
    *('"', '"""', "\\", "\n", " ", "\x00", "\ud800", "９", "lamp.pin = 99\n", "[lamp]\n", "[[rooms]]\n"),
    *("street = 'a'\n", "days = {x = [1]}\n", "token = 's'\n", '"a\\nb" = 1\n'),
]


@given(st.lists(st.sampled_from(WORDS), max_size=30).map("".join) | st.text())
def test_any_text_is_settings_or_a_settings_error(text: str) -> None:
    assert is_sound(outcome(lambda: read(House, text)))


@pytest.mark.parametrize("raw", HOSTILE_TEXTS.values(), ids=HOSTILE_TEXTS.keys())
@pytest.mark.parametrize("form", ["{}", "street = {}", "[lamp]\npin = {}"])
def test_what_broke_other_readers_is_settings_or_a_settings_error(form: str, raw: bytes) -> None:
    text = form.replace("{}", raw.decode(errors="surrogateescape"))
    assert is_sound(outcome(lambda: read(House, text)))


@given(st.sampled_from([of.name for of in fields(Lamp)]), values)
def test_a_mistyped_value_blames_its_own_key_alone(key: str, value: object) -> None:
    result = outcome(lambda: fill(Lamp, {key: value}, name="x"))
    blamed = (
        {fault.key.split(".")[0].split("[")[0] for fault in result} if isinstance(result, tuple) else set()
    )
    assert blamed <= {key, "last"}, "last is blamed when first is above it"


# -- the sample file, time zones ------------------------------------------------------------------


def test_a_sample_reads_back_as_the_settings_it_was_made_from() -> None:
    lamp = Lamp(pin=5, times=(), days={"a b": ("c",)}, file=Path("/x"))
    account = Account("abc", ("two",), b"\0\xff", 7, "a\nb")
    house = House('Lane “9” \\ "x"', lamp, account, (Lamp("a"), Lamp("b", lit=False)))
    assert read(House, sample(house)) == house


def test_a_sample_explains_every_key() -> None:
    text = sample(House())
    for cls in (House, Lamp, Account):
        assert f"# {cls.__doc__}" in text
        for of in fields(cls):
            if of.metadata:
                assert f"# {of.metadata['option'].doc}\n" in text
    assert '# file = "/etc/lamp"\n' in text, "a key that may be left out is there as a comment"


NO_ZONES = ["", "../etc/passwd", "/etc/passwd", "Asia", "a\0b", "x" * 9999, "号"]


@pytest.mark.parametrize("name", NO_ZONES)
def test_a_zone_that_is_none_has_words(name: str) -> None:
    with pytest.raises(ZoneError, match="there is no such time zone; "):
        zone(name)


def test_a_zone_nearly_right_is_suggested() -> None:
    with pytest.raises(ZoneError, match='did you mean "Asia/Shanghai"'):
        zone("Asia/Shangai")
    assert str(zone("Asia/Shanghai")) == "Asia/Shanghai"
