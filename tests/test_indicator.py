"""Cues: each is told apart by rhythm alone, plays in its time, and gives way to a newer one."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import hardware
import pytest
from gpiozero.pins.mock import MockFactory
from patience import until

from door.cues import COLOURS, SIGNALS, Pattern, Playing, Scene
from door.effects import Cue
from door.indicator import Indicator, PinIndicator, TerminalIndicator

mock_factory = hardware.mock_factory
RED, GREEN, BLUE, BUZZER = 23, 24, 25, 12

# -- the table ------------------------------------------------------------------------------------


def rhythm(pattern: Pattern[Any]) -> list[int]:
    """Times on, off, on … without colour or pitch; runs of one kind are one time."""
    runs: list[tuple[bool, int]] = []
    for shade, ms in pattern.steps:
        if runs and runs[-1][0] is (shade is not None):
            runs[-1] = (runs[-1][0], runs[-1][1] + ms)
        else:
            runs.append((shade is not None, ms))
    assert runs[0][0], "a pattern begins with something"
    if len(runs) == 1 and pattern.again:
        return [1_000_000]  # steady
    return [ms for _, ms in runs]


def alike(one: list[int], other: list[int]) -> bool:
    """Whether a person could take one for the other: as many beats, none of them half as long again."""
    if (len(one) + 1) // 2 != (len(other) + 1) // 2:
        return False
    return all(max(a, b) < 1.5 * min(a, b) for a, b in zip(one, other, strict=False))


@pytest.mark.parametrize("sense", ["light", "sound"])
def test_with_eyes_or_ears_closed_no_two_cues_are_alike(sense: str) -> None:
    for one, other in combinations(Cue, 2):
        rhythms = [rhythm(getattr(SIGNALS[cue], sense)) for cue in (one, other)]
        assert not alike(*rhythms), f"{one} and {other}"


def test_every_cue_has_a_light_and_a_sound_that_can_be_played() -> None:
    assert set(SIGNALS) == set(Cue)
    for signal in SIGNALS.values():
        assert {shade for shade, _ in signal.light.steps if shade} <= COLOURS.keys()
        assert all(tone is None or 110 <= tone <= 1760 for tone, _ in signal.sound.steps)
        assert all(ms > 0 for _, ms in (*signal.light.steps, *signal.sound.steps))


def test_the_sentences_are_the_products() -> None:
    said = {cue: (signal.zh, signal.en) for cue, signal in SIGNALS.items() if signal.zh}
    assert said == {
        Cue.ACCEPTED: ("请进", "Please come in"),
        Cue.WRONG: ("号码不对,请再输一次", "Not right, please try again"),
        Cue.SECOND_CODE: ("请再输入下一个号码", "Now the next code, please"),
        Cue.NOT_NOW: ("现在不能进入,请看手机", "Not now, see your phone"),
        Cue.WAIT: ("请稍等", "One moment"),
        Cue.HELD: ("请关门", "Please close the door"),
        Cue.IDENTIFY: ("我在这里", "Here I am"),
        Cue.BELL: ("铃已响,请稍候", "The bell has rung inside"),
        Cue.FIRE: ("火警,门已打开,请离开", "Fire alarm, the door is open, please leave"),
    }


# -- what is shown when ---------------------------------------------------------------------------


def film(scene: Scene, end: int) -> list[tuple[int, str | None, int | None]]:
    """(moment, colour, tone) at each change, until nothing changes any more or the end."""
    frames, now = [], 0
    while now < end:
        colour, tone, until_ = scene.at(now)
        if not frames or frames[-1][1:] != (colour, tone):
            frames.append((now, colour, tone))
        if until_ is None:
            break
        assert until_ > now, "time goes on"
        now = until_
    return frames


def test_wrong_is_two_short_lights_and_two_short_low_tones_and_then_nothing() -> None:
    assert film(Scene(Playing(Cue.WRONG, 0)), 10_000) == [
        (0, "red", 262),
        (100, "red", None),
        (150, None, None),
        (180, None, 262),
        (280, None, None),
        (300, "red", None),
        (450, None, None),
    ]
    assert Playing(Cue.WRONG, 0).at(450) == (None, None, None)  # and nobody need look again


def test_accepted_rises_and_is_green_while_unlocked() -> None:
    assert film(Scene(Playing(Cue.ACCEPTED, 0, 5000)), 60_000) == [
        (0, "green", 523),
        (120, "green", 784),
        (300, "green", None),
        (5000, None, None),
    ]
    assert Playing(Cue.ACCEPTED, 0, None).at(86_400_000) == ("green", None, None)  # mode open, all day


def test_second_code_shows_for_a_minute_when_nobody_says_otherwise() -> None:
    assert Playing(Cue.SECOND_CODE, 0).at(59_900)[2] is not None
    assert Playing(Cue.SECOND_CODE, 0).at(60_000) == (None, None, None)


def test_held_sounds_every_ten_seconds() -> None:
    tones = [now for now, _, tone in film(Scene(Playing(Cue.HELD, 0)), 30_000) if tone]
    assert sorted({now // 10_000 * 10_000 for now in tones}) == [0, 10_000, 20_000]
    assert len({now for now in tones if now % 10_000 < 500}) >= 3


def test_a_key_clicks_over_a_lasting_cue_which_then_goes_on() -> None:
    scene = Scene(Playing(Cue.ACCEPTED, 0, 5000)).then(Playing(Cue.KEY, 1000))
    assert scene.at(1000) == ("white", 880, 1020)
    assert scene.at(1025) == ("white", None, 1030)
    assert scene.at(1030) == ("green", None, 5000)


def test_a_key_ends_the_request_for_a_second_code() -> None:
    scene = Scene(Playing(Cue.SECOND_CODE, 0)).then(Playing(Cue.KEY, 1000))
    assert scene.at(1030) == (None, None, None)


def test_a_newer_cue_takes_the_place_of_all() -> None:
    scene = Scene(Playing(Cue.WAIT, 0)).then(Playing(Cue.KEY, 10)).then(Playing(Cue.WRONG, 20))
    assert scene == Scene(Playing(Cue.WRONG, 20))


def test_only_the_held_sound_keeps_quiet_hours_and_only_then() -> None:
    for cue in Cue:
        scene = Scene(Playing(cue, 0))
        assert scene.hushed(0, lambda: True) is (cue is Cue.HELD)
        assert not scene.hushed(0, lambda: False)
    clicking = Scene(Playing(Cue.HELD, 0)).then(Playing(Cue.KEY, 100))
    assert not clicking.hushed(110, lambda: True)
    assert clicking.hushed(200, lambda: True)


# -- on pins --------------------------------------------------------------------------------------


@pytest.fixture
def lamp(mock_factory: MockFactory) -> Iterator[PinIndicator]:
    lamp = PinIndicator(red=RED, green=GREEN, blue=BLUE, buzzer=BUZZER)
    yield lamp
    lamp.close()


def levels(factory: MockFactory) -> tuple[bool, bool, bool]:
    red, green, blue = (bool(factory.pin(pin).state) for pin in (RED, GREEN, BLUE))
    return red, green, blue


def test_a_cue_is_played_on_lamp_and_buzzer_and_ends_dark(mock_factory: MockFactory, lamp: Indicator) -> None:
    red, buzzer = mock_factory.pin(RED), mock_factory.pin(BUZZER)
    lamp.show(Cue.WRONG, None)
    until(lambda: hardware.states(red) == [False, True, False, True, False], seconds=5)
    assert hardware.states(buzzer) == [False, True, False, True, False]
    assert hardware.states(mock_factory.pin(GREEN)) == [False]
    assert levels(mock_factory) == (False, False, False)


def test_a_newer_cue_replaces_the_older_at_once(mock_factory: MockFactory, lamp: Indicator) -> None:
    lamp.show(Cue.WAIT, None)
    until(lambda: levels(mock_factory) == COLOURS["red"], seconds=5)
    lamp.show(Cue.ACCEPTED, 60_000)
    until(lambda: levels(mock_factory) == COLOURS["green"], seconds=1)


def test_a_lamp_with_nothing_to_do_is_one_thread_that_sleeps(mock_factory: MockFactory) -> None:
    before = threading.active_count()
    lamp = PinIndicator(red=RED, green=GREEN, blue=BLUE, buzzer=BUZZER)
    lamp.show(Cue.ACCEPTED, None)
    until(lambda: levels(mock_factory) == COLOURS["green"], seconds=5)
    until(lambda: hardware.states(mock_factory.pin(BUZZER)) == [False, True, False], seconds=5)
    assert threading.active_count() == before + 1
    status = Path(f"/proc/self/task/{lamp._thread.native_id}/status")

    def switches() -> list[str]:
        return [line for line in status.read_text().splitlines() if "ctxt_switches" in line]

    until(lambda: "\nState:\tS" in status.read_text(), seconds=5)
    asleep = switches()
    threading.Event().wait(0.3)
    assert switches() == asleep
    lamp.close()
    assert threading.active_count() == before
    assert {mock_factory.pin(pin).function for pin in (RED, GREEN, BLUE, BUZZER)} == {"input"}


def test_after_hours_held_is_seen_and_not_heard(mock_factory: MockFactory) -> None:
    lamp = PinIndicator(red=RED, green=GREEN, buzzer=BUZZER, quiet=lambda: True)
    lamp.show(Cue.HELD, None)
    until(lambda: hardware.states(mock_factory.pin(RED)) == [False, True, False], seconds=5)
    assert hardware.states(mock_factory.pin(BUZZER)) == [False]
    lamp.close()


def test_a_lamp_of_two_colours_and_no_buzzer_will_do(mock_factory: MockFactory) -> None:
    lamp = PinIndicator(red=RED, green=GREEN)
    lamp.show(Cue.ACCEPTED, None)
    until(lambda: levels(mock_factory) == (False, True, False), seconds=5)
    lamp.close()


def test_a_piezo_plays_the_tones(mock_factory: MockFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    from gpiozero import TonalBuzzer

    played: list[float | None] = []
    play = TonalBuzzer.play

    def listen(self: TonalBuzzer, tone: Any) -> None:
        played.append(None if tone is None else round(float(tone)))
        play(self, tone)

    monkeypatch.setattr(TonalBuzzer, "play", listen)
    lamp = PinIndicator(red=RED, green=GREEN, buzzer=BUZZER, tonal=True)
    lamp.show(Cue.ACCEPTED, None)
    until(lambda: played[-3:] == [523, 784, None], seconds=5)
    lamp.close()


# -- on a terminal --------------------------------------------------------------------------------


class Screen(io.StringIO):
    """Text that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_without_a_terminal_a_cue_is_one_plain_line_and_a_key_is_none() -> None:
    stream = io.StringIO()
    lines = TerminalIndicator(stream)
    for cue in (Cue.KEY, Cue.ACCEPTED, Cue.CLEARED):
        lines.show(cue, None)
    lines.close()
    assert stream.getvalue() == "accepted     请进 / Please come in\ncleared\n"


def test_on_a_terminal_colour_doubles_the_word_and_keys_are_dots() -> None:
    stream = Screen()
    lines = TerminalIndicator(stream)
    for cue in (Cue.KEY, Cue.KEY, Cue.WRONG, Cue.KEY):
        lines.show(cue, None)
    lines.close()
    line = "wrong        号码不对,请再输一次 / Not right, please try again"
    assert stream.getvalue() == f"••\n\x1b[31m{line}\x1b[0m\n•\n"


def test_every_cue_but_the_key_is_a_line_with_its_word() -> None:
    for cue in set(Cue) - {Cue.KEY}:
        stream = io.StringIO()
        TerminalIndicator(stream).show(cue, 1000)
        assert stream.getvalue().startswith(cue)
        assert stream.getvalue().count("\n") == 1


def test_a_terminal_without_chinese_still_shows_the_english() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    TerminalIndicator(stream).show(Cue.HELD, None)
    assert raw.getvalue().endswith(b" / Please close the door\n")
