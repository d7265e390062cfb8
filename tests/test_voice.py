"""The voice: each cue has its clip in both languages, a newer one cuts short, at night only fire is told."""

from __future__ import annotations

import shutil
import subprocess
import sys
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from patience import until

from contract.settings import SettingsError, read
from door.config import Config
from door.cues import SIGNALS
from door.effects import Cue
from door.voice import SHIPPED, WAITS, Voice, clip_of, sentences

LANGUAGES = ("zh", "en")
ROOT = Path(__file__).parent.parent


class Loudspeaker:
    """An ``aplay`` that writes down what it plays and, while ``stays`` is there, does not end by itself."""

    def __init__(self, folder: Path) -> None:
        self.log, self.stays = folder / "played", folder / "stays"
        self.log.touch()
        aplay = folder / "aplay"
        text = f'#!/bin/sh\necho "$*" >> {self.log}\n[ -e {self.stays} ] && exec sleep 60\nexit 0\n'
        aplay.write_text(text)
        aplay.chmod(0o755)

    @property
    def played(self) -> list[list[str]]:
        """For each start, which clips."""
        starts = [line.split() for line in self.log.read_text().splitlines()]
        return [[f"{Path(w).parent.name}/{Path(w).stem}" for w in s if w.endswith(".wav")] for s in starts]


@pytest.fixture
def loudspeaker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Loudspeaker:
    """Before all others in the PATH."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return Loudspeaker(tmp_path)


@contextmanager
def speaking(
    folder: Path | None = None, device: str | None = None, quiet: Callable[[], bool] = lambda: False
) -> Iterator[Voice]:
    """A voice, closed at the end."""
    voice = Voice(languages=LANGUAGES, folder=folder, device=device, quiet=quiet)
    try:
        yield voice
    finally:
        voice.close()


# -- the clips ------------------------------------------------------------------------------------


def test_every_sentence_has_its_clip_in_both_languages_and_no_clip_is_idle() -> None:
    shipped = {(path.parent.name, path.stem) for path in SHIPPED.rglob("*.wav")}
    assert shipped == {(language, name) for language in LANGUAGES for name in sentences()}
    assert {cue.value for cue in Cue if SIGNALS[cue].zh} <= sentences().keys()


def test_the_clips_are_short_and_small_and_loud_and_none_is_another() -> None:
    contents = set()
    for path in SHIPPED.rglob("*.wav"):
        with wave.open(str(path)) as clip:
            frames = clip.readframes(clip.getnframes())
            assert 0.4 < clip.getnframes() / clip.getframerate() < 3.0, path
            assert (clip.getnchannels(), clip.getsampwidth()) == (1, 1)
        assert max(frames) > 230 or min(frames) < 26, f"{path} is too soft"
        contents.add(frames)
    assert len(contents) == 2 * len(sentences())
    assert sum(path.stat().st_size for path in SHIPPED.rglob("*.wav")) < 600_000


@pytest.mark.skipif(shutil.which("aplay") is None, reason="no aplay here: alsa-utils is not installed")
def test_the_real_aplay_plays_every_clip() -> None:
    """On ALSA's null device; it refuses what it does not understand."""
    files = sorted(map(str, SHIPPED.rglob("*.wav")))
    done = subprocess.run(["aplay", "-q", "-D", "null", *files], capture_output=True, timeout=50)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    "ms, clip",
    [(1, "wait-2"), (2_000, "wait-2"), (2_001, "wait-5"), (20_001, "wait-30"), (30_000, "wait-30")],
)
def test_a_wait_is_said_with_the_seconds_that_remain_and_never_too_few(ms: int, clip: str) -> None:
    assert clip_of(Cue.WAIT, ms) == clip
    assert clip_of(Cue.WAIT, None) == "wait"
    assert WAITS[-1] * 1000 >= 30_000


def test_keys_and_cleared_say_nothing() -> None:
    assert [cue for cue in Cue if clip_of(cue, None) is None] == [Cue.KEY, Cue.CLEARED]


# -- what is played when --------------------------------------------------------------------------


def test_a_cue_is_said_in_each_language_in_order(loudspeaker: Loudspeaker) -> None:
    with speaking(device="plughw:9") as voice:
        voice.show(Cue.KEY, None)
        voice.show(Cue.ACCEPTED, 5000)
        until(lambda: loudspeaker.played == [["zh/accepted", "en/accepted"]])
    assert loudspeaker.log.read_text().startswith("-q -D plughw:9 ")


def test_a_newer_cue_cuts_the_older_one_short(loudspeaker: Loudspeaker) -> None:
    loudspeaker.stays.touch()
    with speaking() as voice:
        voice.show(Cue.WRONG, None)
        until(lambda: len(loudspeaker.played) == 1)
        loudspeaker.stays.unlink()
        voice.show(Cue.WAIT, 3_000)
        until(lambda: len(loudspeaker.played) == 2)
    assert loudspeaker.played[1] == ["zh/wait-5", "en/wait-5"]


def test_the_click_of_a_key_cuts_nothing_short_and_nothing_cuts_a_fire_short(
    loudspeaker: Loudspeaker,
) -> None:
    loudspeaker.stays.touch()
    with speaking() as voice:
        voice.show(Cue.FIRE, None)
        until(lambda: len(loudspeaker.played) == 1)
        voice.show(Cue.KEY, None)
        voice.show(Cue.ACCEPTED, 5_000)
        assert voice._player is not None
        assert voice._player.poll() is None
        assert voice._next is None


def test_a_fire_that_waits_for_the_end_of_a_sentence_is_not_overtaken(
    loudspeaker: Loudspeaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    loudspeaker.stays.touch()
    with speaking() as voice:
        voice.show(Cue.WRONG, None)
        until(lambda: len(loudspeaker.played) == 1)
        loudspeaker.stays.unlink()
        with monkeypatch.context() as slowly:
            slowly.setattr(voice, "_hush", lambda: None)  # the player takes its time to end
            voice.show(Cue.FIRE, None)
            voice.show(Cue.WAIT, 3_000)
        voice._hush()
        until(lambda: len(loudspeaker.played) == 2)
    assert loudspeaker.played[1] == ["zh/fire", "en/fire"]


def test_in_the_quiet_hours_only_a_fire_is_told(loudspeaker: Loudspeaker) -> None:
    with speaking(quiet=lambda: True) as voice:
        voice.show(Cue.WRONG, None)
        until(lambda: voice._next is None and voice._saying is None)
        voice.show(Cue.FIRE, None)
        until(lambda: len(loudspeaker.played) == 1)
    assert loudspeaker.played == [["zh/fire", "en/fire"]]


def test_recordings_of_ones_own_are_taken_first(loudspeaker: Loudspeaker, tmp_path: Path) -> None:
    own = tmp_path / "own" / "zh" / "accepted.wav"
    own.parent.mkdir(parents=True)
    own.write_bytes(b"RIFF")
    with speaking(folder=tmp_path / "own") as voice:
        assert [path.parents[1] for path in voice.clips(Cue.ACCEPTED, None)] == [tmp_path / "own", SHIPPED]


@pytest.mark.parametrize("missing", [True, False])
def test_a_voice_that_fails_says_so_once_and_hinders_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, missing: bool
) -> None:
    if not missing:
        (tmp_path / "aplay").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "aplay").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with speaking() as voice:
        for _ in range(3):
            voice.show(Cue.WRONG, None)
            until(lambda: voice._next is None and voice._saying is None)
        until(lambda: caplog.records)
    assert len(caplog.records) == 1
    assert "the door is mute" in caplog.text
    assert missing is ("apt-get install alsa-utils" in caplog.text)


def test_it_costs_nothing_until_it_is_fitted() -> None:
    code = "import door.daemon, sys; print('door.voice' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


# -- the configuration ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, fault",
    [
        ('languages = ["zh", "fr"]', 'voice.languages[2] (line 2): must be "zh" or "en", not "fr"'),
        ("fitted = true\nlanguages = []", 'voice.languages (line 3): must have "zh", "en" or both'),
        ('languages = ["zh", "zh"]', "voice.languages (line 2): must have each language once"),
        ('device = "two words"', "voice.device (line 2): must be a name that `aplay -L` lists"),
        ('quiet = "22-7"', 'voice.quiet (line 2): must be hours such as "22:00-07:00", or "" for never'),
        ("folder = 3", "voice.folder (line 2): must be a path, not 3"),
    ],
)
def test_every_fault_of_its_table_is_told_in_words(text: str, fault: str) -> None:
    with pytest.raises(SettingsError) as caught:
        read(Config, f"[voice]\n{text}")
    assert any(str(found).startswith(fault) for found in caught.value.faults), str(caught.value)
