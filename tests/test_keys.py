"""Keys into attempts: clear, enter, silence, the shorter second code, and two keypads that do not mix."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.codes import Codes
from door import keys
from door.effects import Cue, Relock, Show, Unlock, Use
from door.events import ContactChanged, KeyPressed, SystemTime
from door.keys import Keys
from door.rules import Rules
from tests.house import KEY, NOW, House, cues, granted, of, replace

RULES = Rules("yuexin", KEY)


def test_full_length_needs_no_enter():
    house = House()
    code = house.code("0427")
    assert not granted(house.type(code[:-1]))
    assert granted(house.type(code[-1]))


def test_star_clears_what_stands():
    house = House()
    assert cues(house.type("12345*")) == [Cue.CLEARED]
    assert granted(house.type(house.code("0427")))


def test_star_clears_digits_but_not_the_first_code():
    house = House()
    house.drain()
    house.type(house.code("0427"))
    house.type("999*")
    assert granted(house.type(house.second("0427") + "#"))


@pytest.mark.parametrize("length", [1, 5, 6, 7, 9])
def test_enter_makes_an_attempt_of_what_stands(length):
    house = House()
    assert cues(house.type("1" * length + "#")) == [Cue.WRONG]
    assert house.tokens == 10  # a wrong length is no guess


def test_enter_on_nothing_is_no_attempt():
    house = House()
    assert cues(house.type("#")) == []


@pytest.mark.parametrize("ms, cleared", [(14_999, []), (15_000, [Cue.CLEARED])])
def test_15_s_of_silence_clear_with_a_cue(ms, cleared):
    house = House()
    house.type("12345")
    assert cues(house.wait(ms / 1000)) == cleared
    assert bool(house.state.keys.typed) is not bool(cleared)


def test_each_key_begins_the_silence_anew():
    house = House()
    code = house.code("0427", later=1)
    for key in code[:-1]:
        assert cues(house.type(key, gap=14.999)) == []
    assert granted(house.type(code[-1], gap=1)) is True


@pytest.mark.parametrize("ms, shown", [(2_999, []), (3_000, [Cue.ACCEPTED])])
def test_six_digits_after_a_first_code_count_after_3_s(ms, shown):
    house = House()
    house.drain()
    house.type(house.code("0427"))
    house.type(house.second("0427"))
    assert cues(house.wait(ms / 1000)) == shown


def test_six_digits_without_a_first_code_wait_for_more():
    house = House()
    code = house.code("0427")
    house.type(code[:6])
    assert cues(house.wait(14)) == []
    assert granted(house.type(code[6:]))


def test_five_digits_after_a_first_code_wait_for_more():
    house = House()
    house.drain()
    house.type(house.code("0427"))
    house.type(house.second("0427")[:5])
    assert cues(house.wait(14)) == []


@pytest.mark.parametrize("ms, shown", [(60_000, True), (60_001, False)])
def test_a_first_code_older_than_60_s_makes_no_second_of_six_digits(ms, shown):
    house = House()
    house.drain()
    house.at_once(house.code("0427"))
    house.wait(ms / 1000)
    assert ("front" in house.state.keys.firsts) is shown
    assert (house.state.first("front") is not None) is shown


def test_two_keypads_do_not_mix():
    house = House()
    code = house.code("0427")
    for key in code[:-1]:
        house.type(key, keypad="front")
        house.type("9", keypad="side") if key in code[:5] else None
    assert granted(house.type(code[-1], keypad="front"))


def test_a_first_code_at_one_keypad_makes_no_second_of_digits_at_another():
    house = House()
    house.drain()
    house.type("123456", keypad="side")
    house.type(house.code("0427"), keypad="front")
    assert cues(house.wait(5)) == []
    assert cues(house.type("7890", keypad="side")) == [Cue.SECOND_CODE]


def test_who_types_at_another_keypad_displaces_no_first_code():
    house = House()
    house.drain()
    house.type(house.code("0427"), keypad="front")
    house.type(house.code("0500"), keypad="side")
    assert granted(house.type(house.second("0427") + "#", keypad="front"))
    assert granted(house.type(house.second("0500") + "#", keypad="side"))


def test_halves_typed_at_two_keypads_are_no_pair():
    house = House()
    house.drain()
    house.type(house.code("0427"), keypad="front")
    assert cues(house.type(house.second("0427") + "#", keypad="side")) == [Cue.WRONG]


def test_two_attempts_that_end_at_once_never_use_one_code_twice():
    house = House(clock=False, facts={"known_past": NOW - 3_600})
    house.post(SystemTime(house.unix_ms, synchronised=True, rtc=False))
    house.wait(50)
    house.at_once(house.code("0427", later=-2), keypad="front")  # late, but by this clock half of a pair
    second = house.second("0427", later=-2)  # by itself it is good for 10 s more
    house.at_once(second, keypad="front")
    house.at_once("0427" + second[:-1], keypad="side")
    house.now, house.unix_ms = house.now + 3_000, house.unix_ms + 3_000  # the pause is over, the loop is late
    before = len(house.log)
    house.post(KeyPressed("side", second[-1]))
    house.wait(1)
    assert len(of(Use, house.log[before:])) == 1


def test_the_next_person_types_while_the_door_is_unlocked_and_has_the_whole_time():
    house = House()
    house.type(house.code("0001"))
    house.wait(4)
    house.at_once(house.code("0002"))
    second = house.now
    assert of(Relock, house.wait(4.999)) == []
    assert of(Relock, house.wait(0.001)) == [Relock()]
    assert house.now - second == house.rules.unlock_ms


def test_digits_before_the_relock_still_count_after_it():
    house = House()
    house.type(house.code("0001"))
    code = house.code("0002")
    house.type(code[:5], gap=0.9)
    house.wait(3)
    assert granted(house.type(code[5:]))
    assert house.unlocked


def test_who_types_at_an_open_door_gets_the_whole_time():
    house = House()
    house.type(house.code("0001"))
    house.post(ContactChanged(True))
    assert Unlock(5_000) in house.type(house.code("0002"))


@given(st.text(min_size=1).filter(lambda key: key not in set("0123456789*#")))
def test_keys_that_are_no_digits_never_count(key):
    pad, typed, shown = keys.press(Keys(), KeyPressed("front", "1"), 0, RULES)
    assert keys.press(pad, KeyPressed("front", key), 1, RULES) == (pad, None, ())
    assert typed is None
    assert shown == (Show(Cue.KEY),)


@pytest.mark.parametrize("zero", ["\u0660", "\uff10", "\u0966", "\U0001d7ce"])
def test_digits_that_are_not_ascii_never_count(zero):
    house = House()
    digits = "".join(chr(ord(zero) + int(digit)) for digit in house.code("0427"))
    assert digits.isdigit()
    assert house.type(digits) == []
    assert not house.state.keys.typed


@pytest.mark.parametrize("member_digits, digits", [(3, 6), (6, 8)])
def test_the_length_is_that_of_the_rules(member_digits, digits):
    rules = Rules("yuexin", KEY, codes=Codes(member_digits=member_digits, digits=digits))
    house = House(rules=rules)
    code = house.code("427".zfill(member_digits))
    assert len(code) == member_digits + digits
    assert granted(house.type(code))


def test_a_code_that_becomes_shorter_while_it_stands_is_a_wrong_length():
    house = House(rules=Rules("yuexin", KEY, codes=Codes(digits=8)))
    house.type("0427" + "1" * 7)
    house.rules = replace(house.rules, codes=Codes())
    assert cues(house.type("1")) == [Cue.WRONG]
    assert house.tokens == 10


def test_a_key_clicks():
    house = House()
    assert house.type("1") == [Show(Cue.KEY)]


def test_no_digit_shows_in_what_stands():
    house = House()
    house.drain()
    house.type(house.code("0427"))
    house.type("918273")
    assert "918273" not in repr(house.state)
    assert house.code("0427")[-6:] not in repr(house.state)
    assert "'5'" not in repr(KeyPressed("front", "5"))


def test_who_is_told_to_wait_keeps_his_first_code():
    house = House()
    house.drain()
    house.at_once(house.code("0427"))
    house.at_once("111111#")
    assert cues(house.at_once(house.code("0427"))) == [Cue.WAIT]
    house.wait(2)
    assert cues(house.at_once(house.code("0427"))) == [Cue.SECOND_CODE]
