"""Edges of the settings reader that mutation testing found bare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import pytest

from contract import zones
from contract.options import Option, converted, expected, fits, shown, sort
from contract.sample import sample
from contract.settings import Fault, SettingsError, fill, option, read


@dataclass(frozen=True, slots=True)
class Wire:
    """A table."""

    pin: int = option(4, least=4, most=27)


@dataclass(frozen=True, slots=True)
class Box:
    """A table with a table, a list of them and names; whoever looks at it whole complains of everything."""

    wire: Wire = field(default_factory=Wire)
    wires: tuple[Wire, ...] = ()
    days: Mapping[str, int] = option(factory=dict)
    lid: int = option(1, most=9)
    lids: int = option(1, most=9)

    def faults(self) -> Iterator[Fault]:
        """A fault of each part; of the lid together with the wires."""
        yield Fault("wire", "odd")
        yield Fault("wires", "odd")
        yield Fault("days", "odd")
        yield Fault("lid", "odd", also=("lids",))


def told(values: Mapping[str, object]) -> set[str]:
    with pytest.raises(SettingsError) as error:
        fill(Box, values, name="box")
    return {str(fault) for fault in error.value.faults}


ODD = {"wire: odd", "wires: odd", "days: odd", "lid: odd"}
PIN = "must be a whole number from 4 to 27, not 3"
LID = "must be a whole number, at most 9, not 10"


def test_without_a_mistake_everything_is_complained_of() -> None:
    assert told({}) == ODD


@pytest.mark.parametrize(
    "values, mistake, kept_quiet",
    [
        ({"wire": {"pin": 3}}, f"wire.pin: {PIN}", "wire"),
        ({"wires": [{}, {"pin": 3}]}, f"wires[2].pin: {PIN}", "wires"),
        ({"days": {"mon": "x"}}, 'days.mon: must be a whole number, not "x"', "days"),
        ({"lid": 10}, f"lid: {LID}", "lid"),
        ({"lids": 10}, f"lids: {LID}", "lid"),
        ({"wire": 3}, "wire: must be a table, not a single value", "wire"),
        ({"days": [3]}, "days: must be a table, not a list", "days"),
    ],
)
def test_one_mistake_is_one_fault(values: Mapping[str, object], mistake: str, kept_quiet: str) -> None:
    """What is said of the whole is dropped where a part of it, at any depth, has its default meanwhile."""
    assert told(values) == {mistake} | ODD - {f"{kept_quiet}: odd"}


def test_a_strange_name_is_told_by_sixty_letters() -> None:
    (unknown,) = told({"# " * 40: 1}) - ODD
    assert unknown == f'"{"# " * 30}": there is no such key'
    (unknown,) = told({"x" * 60: 1}) - ODD
    assert unknown == f"{'x' * 60}: there is no such key"
    (unknown,) = told({"x" * 61: 1}) - ODD
    assert unknown == f'"{"x" * 60}": there is no such key'


def test_brackets_without_end_are_a_fault_like_others() -> None:
    with pytest.raises(SettingsError, match="brackets are nested too deep"):
        read(Box, "lid = " + "[" * 100_000)


def test_a_fault_without_a_line_stands_before_those_with_one() -> None:
    with pytest.raises(SettingsError) as error:
        read(Box, "lid = 10\n")
    assert [fault.line for fault in error.value.faults] == [None, None, None, 1]


def test_a_name_within_a_list_of_several_lines_brings_no_key() -> None:
    with pytest.raises(SettingsError) as error:
        read(Wire, "pin = 3\nother = [\n  1,  # pin\n]\n")
    assert [(fault.key, fault.line) for fault in error.value.faults] == [("pin", 1), ("other", 2)]


# -- options --------------------------------------------------------------------------------------


def test_a_whole_number_has_no_fraction() -> None:
    assert fits(int, 1, Option())
    assert not fits(int, 1.5, Option())


@pytest.mark.parametrize(
    "limits, words",
    [
        (Option(), "a number"),
        (Option(least=3), "a number, at least 3"),
        (Option(most=3), "a number, at most 3"),
        (Option(least=3, most=3), "3 a number"),
        (Option(least=3, most=4), "a number from 3 to 4"),
    ],
)
def test_what_is_expected_is_said_with_its_bounds(limits: Option, words: str) -> None:
    assert expected(float, limits) == words


def test_anything_is_expected_to_be_given() -> None:
    assert expected(object, Option()) == "given"


@pytest.mark.parametrize(
    "value, words",
    [
        ("x" * 40, f'"{"x" * 40}"'),
        ("x" * 41, f'"{"x" * 40}…"'),
        (True, "true"),
        (None, "null"),
        (10**20 - 1, "9" * 20),
        (10**20, "a number so large"),
        (-(10**20), "a number so large"),
        (1.5, "1.5"),
        ({}, "a table"),
        ([], "a list"),
    ],
)
def test_a_value_is_shown_in_few_letters(value: object, words: str) -> None:
    assert shown(value, Option()) == words


def test_the_sort_of_a_value_is_said_without_it() -> None:
    assert [sort(value) for value in ({}, [], (), "x", 1)] == [
        "a table", "a list", "a list", "text", "a single value"
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text, raw",
    [
        ("", b""),
        ("0aF0", b"\x0a\xf0"),
        ("+/+/", b"\xfb\xff\xbf"),
        ("-_-_", b"\xfb\xff\xbf"),
        ("-x/x", b"\xfb\x1f\xf1"),
        ("QQ==", b"A"),
        ("QQ", b"A"),
        ("QUI", b"AB"),
        ("QUx", b"AL"),
    ],
)
def test_bytes_are_hex_or_either_base64(text: str, raw: bytes) -> None:
    assert fits(bytes, text, Option())
    assert converted(bytes, text) == raw


@pytest.mark.parametrize("text", ["Q", "QUIxQ", "QU!x", "=QU="])
def test_what_is_neither_is_none(text: str) -> None:
    assert not fits(bytes, text, Option())


def test_a_machine_without_time_zones_is_told_of_tzdata(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zones, "available_timezones", set)
    with pytest.raises(zones.ZoneError, match="apt install tzdata"):
        zones.zone("Europe/Nowhere")


# -- the sample file ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hook:
    """Somebody who is told.

    Nobody, unless one is given.
    """

    url: str = option("", doc="Where to.")
    days: Mapping[str, str] = option(factory=lambda: {"Ä-1": "ü"})


@dataclass(frozen=True, slots=True)
class Post:
    """A post."""

    hooks: tuple[Hook, ...] = option((), example=(Hook("a"), Hook("b")))
    lids: tuple[int, ...] = ()
    pin: int = option(4, doc=f"{'x' * 53} {'y' * 54} z {'x' * 53} {'y' * 53}")


def test_a_sample_has_its_keys_before_its_tables_and_no_line_too_long() -> None:
    """110 columns are filled, none more; each key stands apart; letters stay as they are."""
    top, _, examples = sample(Post()).partition("\n\n\n")
    assert top.split("\n") == [
        "# A post.",
        "",
        "lids = []",
        "",
        f"# {'x' * 53} {'y' * 54}",
        f"# z {'x' * 53}",
        f"# {'y' * 53}",
        "pin = 4",
    ]
    assert examples.split("\n\n\n")[0].split("\n") == [
        "# Somebody who is told.",
        "#",
        "# Nobody, unless one is given.",
        "# [[hooks]]",
        "",
        "# Where to.",
        '# url = "a"',
        "",
        '# days = { "Ä-1" = "ü" }',
    ]


def test_examples_of_tables_give_way_to_what_is_given() -> None:
    """Commented out they read as nothing; with a table given they are gone."""
    assert sample(Post()).count("# [[hooks]]") == 2
    assert read(Post, sample(Post())) == Post()
    given = Post(hooks=(Hook("c"),), lids=(1, 2))
    assert "# [[hooks]]" not in sample(given)
    assert '\n[[hooks]]\n\n# Where to.\nurl = "c"\n' in sample(given)
    assert read(Post, sample(given)) == given


def test_settings_are_called_config_toml_unless_told_otherwise() -> None:
    with pytest.raises(SettingsError, match=r"\Aconfig\.toml has 1 fault:"):
        read(Wire, "pin = 3")
