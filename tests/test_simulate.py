"""``door simulate``: what a story may say, what is wrong with one that cannot be meant, and what it shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.access import AccessRecord
from contract.codes import Kind
from door.cli import main
from door.effects import Remember
from door.rules import Rules
from door.simulation import phrases, virtual
from door.simulation.expectations import EXPECTATIONS
from door.simulation.keeping import Failing, Memory, OnDisk
from door.simulation.office import Office
from door.simulation.phrases import PhraseError, Shape, When
from door.simulation.play import Played, play, play_file
from door.simulation.sentences import SENTENCES
from door.simulation.story import StoryError, read
from door.simulation.templates import Known, Sentence, match
from door.simulation.timeline import What

ZONE = ZoneInfo("Asia/Shanghai")
HEAD = """A title

About it.

Day:     Tuesday 24 November 2026
People:  Mrs Li (0427), a phone
         Mr Gu (0511), a sheet
         Miss Sun (0901), an authenticator

"""
Tell = Callable[..., tuple[int, str, str]]


def told(lines: str, head: str = HEAD) -> Played:
    """A story of these lines, played."""
    return play(read(head + lines, "it.story", ZONE), lambda _: Memory())


def shown(story: Played, what: What) -> list[str]:
    """One column from the first sentence on."""
    entries = story.timeline.entries
    begin = next(n for n, entry in enumerate(entries) if entry.what is What.STORY)
    return [entry.text for entry in entries[begin:] if entry.what is what and not entry.detail]


def wrong(lines: str, head: str = HEAD) -> str:
    """What is said of a story that cannot be played."""
    with pytest.raises(StoryError) as error:
        told(lines, head)
    return str(error.value)


@pytest.fixture
def tell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Tell:
    """``door simulate`` of these lines: exit code, output, complaints."""

    def run(lines: str, *options: str, head: str = HEAD) -> tuple[int, str, str]:
        path = tmp_path / "it.story"
        path.write_text(head + lines, "utf-8")
        code = main(["simulate", *options, str(path)])
        said = capsys.readouterr()
        return code, said.out, said.err.replace(str(tmp_path), "")

    return run


# -- the command -----------------------------------------------------------------------------------


def test_as_told_is_exit_code_0_and_an_aligned_timeline(tell: Tell) -> None:
    code, out, err = tell("19:02  Mrs Li types her code\n       expect: accepted\n")
    assert (code, err) == (0, "")
    assert out.splitlines() == [
        "A title",
        "",
        "Tuesday 24 November 2026",
        "19:02:00  story   Mrs Li types her code",
        "19:02:03  row         granted  0427  kind phone  generation 1",
        "19:02:03  relay       unlocks for 5 s",
        "19:02:03  cue         accepted",
        "19:02:03  topic       state: lock UNLOCKED",
        "19:02:03  expect      accepted",
        "",
    ]


def test_not_as_told_is_exit_code_1_with_what_was_expected_what_is_so_and_where(tell: Tell) -> None:
    code, out, err = tell("19:02  Mrs Li types a wrong code\n       expect: accepted\n")
    assert code == 1
    assert err == "/it.story:11: at 19:02:03 expected the cue accepted, but it was wrong\n"
    assert "NOT SO: expected the cue accepted" in out


def test_no_story_is_exit_code_2_and_nothing_is_played(tell: Tell) -> None:
    code, out, err = tell("19:02  Mrs Li types her code\n19:03  Mrs Li typs her code\n")
    assert (code, out) == (2, "")
    assert err.startswith("/it.story:11: ")
    assert 'did you mean "NAME types CODE"?' in err


def test_a_file_that_is_not_there_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["simulate", str(tmp_path / "none.story")]) == 2
    assert "none.story: cannot be read (No such file or directory); name a story" in capsys.readouterr().err
    assert main(["simulate", str(tmp_path)]) == 2
    assert "no *.story in this folder" in capsys.readouterr().err


def test_a_file_that_is_no_text_is_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "it.story").write_bytes(b"\xff\xfe")
    assert main(["simulate", str(tmp_path)]) == 2
    assert "not a text in UTF-8" in capsys.readouterr().err


def test_of_a_folder_each_story_is_a_line_and_the_failed_ones_are_whole(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    good = HEAD + "19:02  Mrs Li types her code\n       expect: accepted\n"
    (tmp_path / "a.story").write_text(good.replace("A title", "Good"), "utf-8")
    (tmp_path / "b.story").write_text(good.replace("accepted", "wrong").replace("A title", "Bad"), "utf-8")
    (tmp_path / "c.story").write_text("Nothing", "utf-8")
    assert main(["simulate", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out.startswith("ok      Good\nfailed  Bad\nBad\n\nTuesday 24")
    assert "c.story: nothing happens in it" in said.err
    assert "b.story:11: at 19:02:03" in said.err


def test_json_is_complete(tell: Tell) -> None:
    """Clicks, rows with all they have, whole payloads; times to the millisecond with their zone."""
    code, out, _ = tell("19:02  Mrs Li types her code\n       expect: accepted\n", "--json")
    (story,) = json.loads(out)
    assert (code, story["ok"], story["title"], story["failures"]) == (0, True, "A title", [])
    entries = story["timeline"]
    assert [e["cue"] for e in entries if e["what"] == "cue"] == ["key"] * 10 + ["accepted"]
    (row,) = [e for e in entries if e.get("type") == "granted"]
    assert row["detail"] == {"kind": "phone", "generation": 1, "double": False, "step": row["row_at"] // 120}
    assert (row["member"], row["clock"], row["sent"]) == ("0427", "server", True)
    assert row["time"] == "2026-11-24T19:02:03.000+08:00"
    state = [e for e in entries if e.get("topic") == "state"][-1]
    assert state["payload"].keys() == {"lock", "door", "mode", "until", "lockout", "alarms", "at"}
    relay = [e["relay"] for e in entries if e["what"] == "relay"]
    assert relay == ["UNLOCKED"]


def test_through_the_store_it_is_the_same_story(tell: Tell) -> None:
    lines = (
        "19:00  the network fails\n19:02  Mrs Li types her code\n"
        "19:03  the power fails\n19:05  the power returns\n"
        "19:06  Mrs Li types the code of four minutes ago and the second one\n       expect: wrong\n"
    )
    assert tell(lines, "--store") == tell(lines)
    assert tell(lines)[0] == 0


def test_the_command_line_does_not_load_what_it_does_not_need() -> None:
    """``door relock`` must work where the core does not import."""
    program = "import sys, door.cli; door.cli._parser(); print([m for m in sys.modules if 'simulation' in m])"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True, timeout=30
    )
    assert done.stdout.strip() == "[]"


# -- what is wrong with a story --------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines, said",
    [
        (
            "19:02  the door opns\n",
            'it.story:10: "the door opns" is no sentence of a story; did you mean "the door op',
        ),
        ("19:02  Mr Li types his code\n", 'it.story:10: nobody is called "Mr Li"; did you mean "Mrs Li"?'),
        ("19:02  a stranger types Mrs Lee's code\n", 'nobody is called "Mrs Lee"; did you mean "Mrs Li"?'),
        ("19:02  Mrs Li types her cod\n", '"her cod" is no way to say a code; did you mean "'),
        ("19:02  Mrs Li types 0427719385\n", "it.story:10: a story never holds a code in digits"),
        ("19:02  the door opens\n19:01  the door closes\n", "it.story:11: 19:01 is before the line above"),
        (
            "19:02:05  the door opens\n19:02:04  the door closes\n",
            "it.story:11: 19:02 is before the line above",
        ),
        ("25:00  the door opens\n", '"25:00" is no time; write 22:10'),
        ("19:02:75  the door opens\n", '"19:02:75" is no time'),
        ("       the door opens\n", "it.story:10: the first line of what happens needs a time"),
        ("19:02  the door opens\nWednesday 26 November 2026\n", "26 November 2026 is a Thursday"),
        ("19:02  the door opens\nMonday 23 November 2026\n", "is before the day above"),
        ("19:02  the door opens\n31 February 2027\n", "is in no calendar"),
        ("19:02  the door opens\nsome day\n", '"some day" is no day; write'),
        ("19:02  the door opens\n       expect: acepted\n", 'it.story:11: "acepted" is none of accepted'),
        ("19:02  the door opens\n       expect: the reason is late\n", 'did you mean "late-code"?'),
        ("19:02  the clock of Mrs Li is ten moons fast\n", '"ten moons" is no length of time'),
        ("19:02  the committee suspends Mrs Li until someday at 09:00\n", '"someday" is no day'),
        ("19:02  the committee adds Mr Hu (0427), a phone\n", "the number 0427 is somebody else's already"),
        ("19:02  the committee adds Mr Hu (0000), a phone\n", "a member number is not all zeros"),
        ("19:02  the committee adds Mr Hu (0512), a fone\n", 'did you mean "phone"?'),
        ("19:02  the committee opens the room daily 22:00-08:00\n", "must begin before it ends"),
        (
            "Peple:  Mr Hu (0512), a phone\n19:02  the door opens\n",
            'no heading "Peple:"; did you mean "People"?',
        ),
        ("Room:  a battery clok\n19:02  the door opens\n", 'did you mean "a battery clock"?'),
    ],
)
def test_a_fault_is_told_with_its_line_and_what_may_be_meant(lines: str, said: str) -> None:
    assert said in wrong(lines)


def test_all_faults_are_told_at_once() -> None:
    said = wrong("19:02  the door opns\n19:03  the dor closes\n19:01  the door opens\n").splitlines()
    assert [line.split(":")[1] for line in said] == ["10", "11", "12"]


def test_a_day_is_asked_for_before_a_time() -> None:
    assert "there must be a line such as Day:" in wrong("19:02  the door opens\n", head="A title\n\n")


@pytest.mark.parametrize(
    "lines, said",
    [
        (
            "19:02:00  Mrs Li types her code\n19:02:01  the door opens\n",
            "it.story:11: the line above goes on until 19:02:03",
        ),
        ("19:02  a stranger types his code\n", "a stranger is no member and has no code"),
        ("19:02  Mrs Li types the second code\n", "Mrs Li has looked at no code yet"),
        ("19:02  Mrs Li types the same code again\n", "Mrs Li has typed nothing yet"),
        ("19:02  Mrs Li types her old code\n", "was given nothing new"),
        ("19:02  Mrs Li types pair no of her card\n", "pairs of a card count from 1"),
        ("19:02  the power returns\n", "the power is on already"),
        (
            "19:02  the server fails\n19:40  Mrs Li types her code\n",
            "it.story:11: the phone of 0427 shows no code",
        ),
        (
            "19:02  the committee revokes Mrs Li\n19:40  Mrs Li types her code\n",
            "the phone of 0427 shows no code",
        ),
    ],
)
def test_what_nobody_could_do_is_told_with_its_line(lines: str, said: str) -> None:
    assert said in wrong(lines)


@given(st.text(alphabet=st.characters(codec="utf-8"), max_size=200))
def test_garbage_is_no_story_and_nothing_worse(text: str) -> None:
    with pytest.raises(StoryError):
        told("", head=text)
    with pytest.raises(StoryError):
        told(f"19:02  {text.strip() or 'x'}\n25:00  \n")


WORDS = (
    "Mrs Li|Mr Gu|types|her code|the|door|opens|and|goes in|19:03|expect:|wrong|of|two|minutes|ago|\n".split(
        "|"
    )
)


@given(st.lists(st.sampled_from(WORDS), max_size=12))
def test_scrambled_words_are_a_story_or_a_story_error(words: list[str]) -> None:
    try:
        told(f"19:02  {' '.join(words)}\n")
    except StoryError as error:
        assert "it.story" in str(error)  # noqa: PT017 - either is right, and this is what is asked of one


# -- what can be said ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, code",
    [
        ("his code", phrases.Code(Shape.CODE)),
        ("Mr Gu's code", phrases.Code(Shape.CODE, owner="Mr Gu")),
        ("her old code", phrases.Code(Shape.CODE, old=True)),
        ("the code of two minutes ago", phrases.Code(Shape.CODE, when=When(ahead=-120))),
        ("the code for 19:30", phrases.Code(Shape.CODE, when=When(minute=19 * 60 + 30))),
        (
            "the code that she saw yesterday at 22:10",
            phrases.Code(Shape.CODE, when=When(days=-1, minute=1330)),
        ),
        (
            "Mr Gu's code seen three days ago at 22:10",
            phrases.Code(Shape.CODE, "Mr Gu", when=When(days=-3, minute=1330)),
        ),
        ("pair 3 of his card", phrases.Code(Shape.PAIR, pair=3)),
        ("pair one of Mr Gu's old card", phrases.Code(Shape.PAIR, "Mr Gu", old=True, pair=1)),
        ("a wrong code for Mr Gu", phrases.Code(Shape.WRONG, "Mr Gu")),
        ("a near miss of Mr Gu's code", phrases.Code(Shape.NEAR, "Mr Gu")),
        ("his code and the second one", phrases.Code(Shape.CODE, second=True)),
    ],
)
def test_a_code_is_said_in_words(text: str, code: phrases.Code) -> None:
    assert phrases.code(text) == code


def test_every_way_to_say_a_code_is_one() -> None:
    for text in phrases.CODES:
        phrases.code(text)


def test_times_are_said_in_words() -> None:
    assert phrases.duration("half an hour") == 1800
    assert phrases.duration("a minute") == 60
    assert phrases.duration("80 hours") == 288_000
    noon = 1_795_492_800  # 2026-11-24 12:00 in Shanghai
    assert phrases.when("22:10").at(noon, ZONE) - noon == 36_600
    assert phrases.when("tomorrow at 12:00").at(noon, ZONE) - noon == 86_400
    assert phrases.when("three days ago at 12:00").at(noon, ZONE) - noon == -3 * 86_400
    with pytest.raises(PhraseError, match='did you mean "yesterday"'):
        phrases.when("yesterdy at 12:00")


FILLED = {
    "NAME": "Mrs Li", "FIRST": "Mrs Li", "LAST": "Mr Gu", "CODE": "her code", "COUNT": "two", "WHEN": "22:10",
    "DURATION": "two minutes", "THING": "phone", "HOURS": "08:00-22:00", "MEMBER": "Mrs Wu (0512), a phone",
    "CUE": "wrong", "REASON": "late-code", "ROW": "forced", "ALARM": "held", "SOURCE": "code", "MODE": "open",
}  # fmt: skip


def filled(template: str) -> str:
    """A template with something in each slot."""
    for slot, value in FILLED.items():
        template = template.replace(slot, value)
    return template


@pytest.mark.parametrize("sentence", SENTENCES, ids=[s.template for s in SENTENCES])
def test_every_sentence_is_understood_as_itself_and_can_be_played(sentence: Sentence[Any]) -> None:
    known = Known({"Mrs Li": "0427", "Mr Gu": "0511"})
    text = filled(sentence.template)
    assert match(text, SENTENCES, known).act is sentence.act
    before = {
        "the power returns": "19:01  the power fails\n",
        "Mrs Li goes in": "19:02  Mrs Li types her code\n",
    }
    lines = before.get(text, "") + f"19:02  {text}\n19:20  nothing happens\n"
    assert told(lines).failures == []


EVENINGS = (
    "19:02  nothing happens\n",
    """19:00  the network fails
19:01  Mrs Li types her code
19:01  the door opens
19:01  the door closes
19:01  Mrs Li types her code
19:01  the door opens
       Mr Gu types a wrong code
""",
    "19:01  the disk fails\n       Mrs Li types her code and the second one\n",
    "19:00  the network fails\n19:01  the power fails\n19:02  the power returns\n19:03  the door opens\n",
    "19:00  the door opens\n19:20  nothing happens\n",
    "19:00  the administrator finds two in the room\n",
)


@pytest.mark.parametrize("expectation", EXPECTATIONS, ids=[s.template for s in EXPECTATIONS])
def test_every_expectation_can_fail(expectation: Sentence[Any]) -> None:
    """There is an evening on which it is not so, and what is said is a sentence."""
    expected = f"       expect: {filled(expectation.template)}\n"
    lit = HEAD.replace("People:", "Room:    15 seats, lights\nPeople:")
    played = [told(evening + expected, head) for evening in EVENINGS for head in (HEAD, lit)]
    failures = [failure for story in played for failure in story.failures]
    assert failures
    assert all(
        re.fullmatch(r"it\.story:\d+: at [0-9:]{8} expected .+, but .+", failure) for failure in failures
    )


# -- what is around the door -----------------------------------------------------------------------


def test_news_reach_the_door_within_ten_seconds_with_a_broker_and_five_minutes_without() -> None:
    told_at = (
        "19:00  {}\n19:02:00  the committee revokes Mrs Li\n{}  nothing happens\n"
        "       expect: the door knows that Mrs Li is revoked\n"
    )
    assert told(told_at.format("nothing happens", "19:02:10")).ok
    assert not told(told_at.format("the broker fails", "19:02:10")).ok
    assert told(told_at.format("the broker fails", "19:07:10")).ok
    assert not told(told_at.format("the network fails", "19:59:00")).ok


def test_a_command_that_does_not_arrive_is_never_done() -> None:
    story = told(
        "19:00  the broker fails\n19:01  the committee unlocks the door\n"
        "19:02  the broker returns\n19:30  nothing happens\n"
    )
    assert shown(story, What.RELAY) == []
    assert "the command unlock does not reach the door, and expires" in shown(story, What.WORLD)


def test_without_power_nothing_happens_and_nobody_answers() -> None:
    story = told(
        "19:00  Mrs Li types her code\n19:00:04  the power fails\n       expect: the lock is closed\n"
        "19:01  Mrs Li types her code\n       expect: no cue\n19:02  the door opens\n"
        "19:03  the administrator ends it\n"
    )
    assert story.ok
    assert shown(story, What.RELAY) == ["unlocks for 5 s", "locks: nothing holds it open"]
    assert "nobody answers mode: the door has no power" in shown(story, What.WORLD)


def test_a_door_found_open_when_the_power_returns_was_not_forced() -> None:
    assert told(
        "19:00  the power fails\n19:02  the door opens\n19:03  the power returns\n"
        "       expect: no alarm forced\n19:20  nothing happens\n       expect: the alarm held\n"
    ).ok


def test_a_battery_keeps_the_time_and_without_one_there_is_none() -> None:
    lines = (
        "19:00  the network fails\n19:01  the power fails\n"
        "21:01  the power returns\n       expect: the clock goes by {}\n"
    )
    assert told(lines.format("none")).ok
    with_battery = HEAD.replace("People", "Room:    a battery clock\nPeople")
    assert told(lines.format("rtc") + "       expect: the door's time is right\n", with_battery).ok


def test_what_the_disk_did_not_take_is_lost_with_the_power() -> None:
    """A used code may then be typed again: the gap that promise 3 counts, and its row is missing."""
    story = told(
        "19:00  the network fails\n19:01  the disk fails\n19:02  Mrs Li types her code and the second one\n"
        "       expect: accepted\n       expect: rows wait for the server\n"
        "19:03  the power fails\n19:04  the disk works again\n19:04  the power returns\n"
        "19:05  Mrs Li types the code of three minutes ago and the second one\n       expect: accepted\n"
    )
    assert story.ok, story.failures
    assert "rows that the disk did not take are lost" in " ".join(shown(story, What.WORLD))


def test_rows_are_kept_for_the_server_and_reach_it_once() -> None:
    story = told(
        "19:00  the server fails\n19:02  Mrs Li types her code\n19:03  Mrs Li types the same code again\n"
        "       expect: rows wait for the server\n19:20  the server returns\n"
        "19:26  nothing happens\n       expect: no row waits\n"
    )
    assert story.ok
    kept = [row for row in shown(story, What.ROW) if "kept for the server" in row]
    assert f"{len(kept)} rows reach the server" in shown(story, What.WORLD)


def test_a_room_without_a_contact_works_by_time() -> None:
    head = HEAD.replace("People", "Room:    no door contact\nPeople")
    assert told(
        "19:00  Mrs Li types her code\n       expect: 1 in the room\n       Mrs Li goes in\n", head
    ).ok


def test_going_in_through_a_locked_door_is_not_so() -> None:
    (failure,) = told("19:00  Mrs Li types a wrong code and goes in\n").failures
    assert failure == "it.story:10: at 19:00:04 expected the lock to be open to go in, but it is closed"


# -- the parts -------------------------------------------------------------------------------------


def test_memory_gives_back_what_was_kept_and_not_what_runs() -> None:
    memory = Memory()
    memory.keep([Remember("budget", 7)])
    access, facts = memory.start()
    access.records["0427"] = AccessRecord("0427", generation=9)
    assert dict(facts) == {"budget": 7}
    assert memory.start()[0].record("0427").generation == 1


def test_the_disk_gives_back_what_was_kept(tmp_path: Path) -> None:
    disk = OnDisk(tmp_path / "door.db", Rules("virtual", bytes(32)))
    disk.start()
    disk.keep([Remember("budget", 7)])
    disk.stop()
    assert disk.start()[1]["budget"] == 7
    disk.stop()


def test_a_failing_disk_keeps_later_or_never() -> None:
    memory = Memory()
    disk = Failing(memory)
    disk.failing = True
    disk.keep([Remember("budget", 1)])
    assert disk.stop() == [Remember("budget", 1)]
    disk.keep([Remember("budget", 2)])
    assert memory.facts == {}
    disk.failing = False
    disk.keep([Remember("mode", 3)])
    assert memory.facts == {"budget": 2, "mode": 3}


def test_the_office_answers_with_a_delta_only_to_whom_it_knows() -> None:
    office = Office()
    office.add("0427", Kind.PHONE, 0)
    office.add("0511", Kind.PAPER, 0)
    first = office.answer(0, office.digests[0])
    assert (first.complete, len(first.members)) == (False, 2)
    assert office.answer(2, first.digest).members == ()
    assert office.answer(1, "f" * 64).complete
    assert office.answer(9, first.digest).complete


def test_the_office_issues_above_what_was_revoked() -> None:
    office = Office()
    office.add("0427", Kind.PHONE, 0)
    office.revoke("0427", 100)
    office.reissue("0427", Kind.PHONE, 200)
    assert (office.record("0427").generation, office.record("0427").revoked) == (5, False)
    before = office.before_reissue("0427")
    assert before is not None
    assert office.drawn_until(before) == 100
    assert office.drawn_until(office.record("0427")) is None
    assert office.record_at("0427", 150).revoked


def test_a_core_that_wants_to_be_woken_for_ever_is_a_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    door = virtual.VirtualDoor(Rules("virtual", bytes(32)), Memory(), unix_ms=0)
    door.boot()
    monkeypatch.setattr(virtual.State, "timer", lambda *_: 0)
    with pytest.raises(virtual.WokenError):
        door.until(1000)


def test_notes_and_repeated_cues_are_told_once(tmp_path: Path) -> None:
    path = tmp_path / "it.story"
    path.write_text(
        HEAD
        + "19:00  Mrs Li types her code\n19:00:04  the door opens\n# She stays.\n19:05  the door closes\n"
    )
    lines = list(play_file(path).timeline.lines())
    assert "  She stays." in lines
    assert "19:00:34  cue         held  (and 9 times more until 19:02:04)" in lines
