"""The display: what stands on it in both languages, pixel by pixel on a real driver, and without a plug."""

from __future__ import annotations

import gc
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import product
from pathlib import Path

import pytest
import smbus2
from luma.core.error import DeviceNotFoundError
from luma.emulator.device import capture
from luma.oled.device import ssd1306
from oled import Oled
from patience import until
from PIL import Image
from village import codes_of, config, door_at

from contract.bands import Band
from contract.settings import SettingsError, read
from door import tables
from door.attachments import Display as Table
from door.commandline import check
from door.config import Config
from door.cues import SIGNALS
from door.display.lines import COLUMNS, READ_MS, ROWS, View, alphabet, lasts_ms, lines, told, width
from door.display.screen import DIMMED, FONT, Display, Panel, open_panel, picture
from door.effects import Cue, Mode
from door.events import FaultChanged

BOTH = ("zh", "en")
NOON = datetime(2026, 11, 24, 12, 34)  # noqa: DTZ001  (the display is given the room's own time)
STATE = {"mode": "normal", "lockout": False, "alarms": []}
THREE = {"count": 3, "capacity": 15, "confidence": "exact"}


# -- words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("languages", [("zh",), ("en",), BOTH], ids="+".join)
def test_whatever_it_says_fits(languages: tuple[str, ...]) -> None:
    """Four lines of sixteen columns, of characters that the font has; and no sentence is left out."""
    views = [
        View("23:59", seats, mode, double, cue, seconds)
        for seats, mode, double in product(Band, Mode, (False, True))
        for cue, seconds in [(None, 0), *((cue, 0) for cue in Cue), (Cue.WAIT, 5), (Cue.WAIT, 30)]
    ]
    for view in views:
        shown = lines(view, languages)
        assert len(shown) == ROWS
        assert all(width(line) <= COLUMNS for line in shown), shown
        assert set("".join(shown)) <= alphabet()
        assert any(shown)


@pytest.mark.parametrize(
    "view, shown",
    [
        (View("12:34", Band.PLENTY), ("12:34 座位很多", "Plenty of seats", "请输入号码", "Enter your code")),
        (View(), ("--:--", "", "请输入号码", "Enter your code")),
        (View(double=True), ("--:--", "", "请连输两个号码", "Type two codes")),
        (View("12:34", Band.SOME, Mode.LOCKDOWN), ("12:34", "", "暂时不能进入", "Closed for now")),
        (View("12:34", mode=Mode.OPEN), ("12:34", "", "门开着,请进", "The door is open")),
        (View(cue=Cue.ACCEPTED), ("", "请进", "Please come in", "")),
        (View(cue=Cue.WRONG), ("号码不对,", "请再输一次", "Not right,", "please try again")),
        (View(cue=Cue.SECOND_CODE), ("请再输入", "下一个号码", "Now the next", "code, please")),
        (View(cue=Cue.WAIT, seconds=7), ("", "请等7秒", "Please wait 7 s", "")),
        (View(cue=Cue.FIRE), ("火警,门已打开,", "请离开", "Fire! Door open,", "please leave")),
    ],
    ids=str,
)  # fmt: skip
def test_what_stands_there(view: View, shown: tuple[str, ...]) -> None:
    assert lines(view, BOTH) == shown


def test_in_one_language_it_says_the_same_and_has_room() -> None:
    view = View("12:34", Band.SOME)
    assert lines(view, ("zh",)) == ("12:34", "还有座位", "", "请输入号码")
    assert lines(view, ("en",)) == ("12:34", "Some seats free", "", "Enter your code")


def test_every_character_is_in_the_font() -> None:
    """And every one that is told apart by eye is another picture."""
    missing = picture(("\N{SNOWMAN}", "", "", "")).tobytes()
    drawn = {char: picture((char, "", "", "")).tobytes() for char in alphabet() - {" "}}
    assert missing not in drawn.values()
    assert len(set(drawn.values())) == len(drawn)


def test_a_door_that_asks_for_two_codes_says_so() -> None:
    assert told({**STATE, "lockout": True}, THREE).double
    assert told({**STATE, "alarms": ["clock-untrusted"]}, THREE).double
    assert told({**STATE, "alarms": ["store-failed"]}, THREE).double
    assert not told(STATE, THREE).double


def test_nobody_outside_can_tell_one_from_none() -> None:
    for capacity in range(1, 30):
        none, one = (told(STATE, {**THREE, "count": n, "capacity": capacity}) for n in (0, 1))
        assert none == one
    assert told(STATE, {**THREE, "confidence": "unknown"}).seats is Band.UNKNOWN
    assert told(STATE, {**THREE, "count": 15}).seats is Band.FULL


@pytest.mark.parametrize("cue", [cue for cue in Cue if SIGNALS[cue].zh])
def test_a_sentence_stays_long_enough_to_be_read(cue: Cue) -> None:
    for ms in (None, 500, 9000):
        lasts = lasts_ms(cue, ms)
        assert lasts is None or lasts >= max(READ_MS, ms or 0)
    assert (lasts_ms(cue, None) is None) == (SIGNALS[cue].light.again and SIGNALS[cue].most_ms is None)


# -- pixels ---------------------------------------------------------------------------------------


@pytest.fixture
def oled(monkeypatch: pytest.MonkeyPatch) -> Oled:
    """A chip on bus 1, which luma opens as it would on a Pi."""
    made = Oled()
    monkeypatch.setattr(smbus2, "SMBus", made.bus)
    return made


def opened() -> Panel:
    """As ``[display]`` is delivered."""
    table = Table()
    return open_panel(
        table.kind,
        port=table.port,
        address=table.address,
        upside_down=table.upside_down,
    )


class Shown:
    """A display at a chip, and what it posted."""

    def __init__(self) -> None:
        self.faults: list[FaultChanged] = []
        self.now = NOON
        self.dim = False
        self.display = Display(
            opened, self.faults.append, local=lambda: self.now, languages=BOTH, quiet=lambda: self.dim
        )


@pytest.fixture
def shown(oled: Oled) -> Iterator[Shown]:
    """Told of its door."""
    made = Shown()
    made.display.tell("occupancy", THREE)
    made.display.tell("state", STATE)
    yield made
    made.display.close()
    assert not oled.on or not oled.there


def reads(oled: Oled, view: View) -> None:
    """Wait until these lines are what its pixels show."""
    wanted = picture(lines(view, BOTH)).tobytes()
    until(lambda: oled.seen() == wanted, 30)


REST = View("12:34", Band.PLENTY)


def test_the_chip_shows_the_lines_and_then_the_cues(oled: Oled, shown: Shown) -> None:
    reads(oled, REST)
    assert oled.contrast == Table().contrast
    shown.dim = True
    shown.display.tell("state", {**STATE, "at": 1})
    until(lambda: oled.contrast == DIMMED, 30)
    shown.display.show(Cue.SECOND_CODE, None)
    reads(oled, View(cue=Cue.SECOND_CODE))
    shown.display.show(Cue.KEY, None)
    shown.display.show(Cue.ACCEPTED, 5000)
    reads(oled, View(cue=Cue.ACCEPTED))
    shown.display.show(Cue.CLEARED, None)
    reads(oled, REST)


def test_a_sentence_goes_by_itself_and_a_wait_counts_down(oled: Oled, shown: Shown) -> None:
    reads(oled, REST)
    shown.display.show(Cue.WAIT, 6000)
    for seconds in (6, 5, 2, 1):
        reads(oled, View(cue=Cue.WAIT, seconds=seconds))
    reads(oled, REST)


def test_a_fire_is_told_until_it_is_out_whoever_gets_a_sentence(oled: Oled, shown: Shown) -> None:
    shown.display.tell("state", {**STATE, "alarms": ["fire"]})
    reads(oled, View(cue=Cue.FIRE))
    before = oled.drawn
    shown.display.show(Cue.ACCEPTED, 5000)
    shown.display.tell("state", STATE)
    reads(oled, View(cue=Cue.ACCEPTED))
    until(lambda: oled.drawn == before + 1)


def test_what_changes_nothing_is_not_drawn(oled: Oled, shown: Shown) -> None:
    reads(oled, REST)
    before = oled.drawn
    for n in range(20):
        shown.display.tell("state", {**STATE, "at": n})
        shown.display.tell("health", {"uptime_s": n})
        shown.display.show(Cue.KEY, None)
    shown.display.tell("occupancy", {**THREE, "count": 15})
    reads(oled, replace(REST, seats=Band.FULL))
    until(lambda: oled.drawn == before + 1)  # counted when the last pixel is there


def test_a_clock_that_nobody_vouches_for_is_not_shown(oled: Oled, shown: Shown) -> None:
    shown.display.tell("state", {**STATE, "alarms": ["clock-untrusted"]})
    reads(oled, View("--:--", Band.PLENTY, double=True))


def test_without_its_plug_it_is_an_alarm_and_back_in_it_goes_on(oled: Oled, shown: Shown) -> None:
    reads(oled, REST)
    oled.there = False
    for mode in ("open", "lockdown", "open"):
        shown.display.tell("state", {**STATE, "mode": mode})
        until(lambda: shown.faults == [FaultChanged("display-lost", present=True)], 30)
    oled.there = True
    shown.display.show(Cue.WRONG, None)
    reads(oled, View(cue=Cue.WRONG))
    until(lambda: shown.faults[1:] == [FaultChanged("display-lost", present=False)], 30)


def test_a_display_that_is_away_for_a_year_costs_nothing(oled: Oled, shown: Shown) -> None:
    """It is tried again each minute: whatever a try left behind, a descriptor or a driver, would add up."""
    reads(oled, REST)
    oled.there = False
    shown.display.tell("state", {**STATE, "mode": "open"})
    until(lambda: shown.faults and not oled.opened, 30)
    before = drivers()
    for _ in range(20):
        with pytest.raises(DeviceNotFoundError):
            opened()
    assert oled.opened == 0
    assert drivers() == before


def drivers() -> int:
    """How many drivers are held that are more than a name."""
    gc.collect()
    return sum(isinstance(found, ssd1306) and bool(vars(found)) for found in gc.get_objects())


@pytest.mark.parametrize("languages", [("zh",), ("en",), BOTH], ids="+".join)
def test_luma_s_emulator_draws_it(languages: tuple[str, ...], tmp_path: Path) -> None:
    """The file is what a person would see."""
    device = capture(mode="1", transform="none", file_template=str(tmp_path / "{0}.png"))
    said = lines(View("12:34", Band.SOME), languages)
    device.display(picture(said))
    with Image.open(tmp_path / "1.png") as seen:
        assert seen.convert("1").tobytes() == picture(said).tobytes()


# -- the door -------------------------------------------------------------------------------------


def test_the_whole_door_writes_what_it_decides(oled: Oled, tmp_path: Path) -> None:
    """A wrong code, a right one, and the alarm of a plug pulled out; members get in without it."""
    with door_at(
        tmp_path, config(tmp_path, clock=tables.Clock(trust="system"), display=Table(fitted=True))
    ) as door:
        until(lambda: oled.drawn > 0, 30)
        code, _ = codes_of("0427")
        door.type(code[:4] + "".join(str(9 - int(digit)) for digit in code[4:]))
        reads(oled, View(cue=Cue.WRONG))
        oled.there = False
        assert door.type(code) is Cue.ACCEPTED
        loop = door.daemon.loop
        until(lambda: "display-lost" in loop.state.alarms(0, loop.rules), 30)


def test_it_costs_nothing_until_it_is_fitted() -> None:
    code = (
        "import door.daemon, sys; print(sorted({'door.display.screen', 'luma', 'PIL'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_the_check_says_what_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = Config(display=Table(fitted=True, port=22))
    assert list(check._display(Config())) == []
    (found,) = check._display(fitted)
    assert str(found.so) == "/dev/i2c-22 is not there"
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    (found,) = check._display(fitted)
    assert found.to_do == "pip install 'studyroom[display]'"


@pytest.mark.parametrize(
    "text, fault",
    [
        ("fitted = 1", "display.fitted (line 2): must be true or false, not 1"),
        ('kind = "lcd"', 'display.kind (line 2): must be one of "ssd1306", "ssd1309", "sh1106"'),
        ("address = 300", "display.address (line 2): must be a whole number from 8 to 119, not 300"),
        ("contrast = 0", "display.contrast (line 2): must be a whole number from 1 to 255, not 0"),
        ("fitted = true\nlanguages = []", 'display.languages (line 3): must have "zh", "en" or both'),
        ('languages = ["zh", "zh"]', "display.languages (line 2): must have each language once"),
    ],
)
def test_every_fault_of_its_table_is_told_in_words(text: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(Config, f"[display]\n{text}")
    assert fault in str(caught.value)


def test_the_font_comes_with_its_licence() -> None:
    assert "SIL OPEN FONT LICENSE" in FONT.with_name("LICENSE.unifont").read_text("utf-8").upper()
