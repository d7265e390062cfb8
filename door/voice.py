"""The door's voice: cues as spoken sentences, through ALSA's ``aplay``; no library, no server, no network."""

from __future__ import annotations

import logging
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Condition, Thread

from door.cues import SIGNALS
from door.effects import Cue

SHIPPED = Path(__file__).parent / "clips"  # made by tools/make-voice
WAITS = (2, 5, 10, 20, 30)  # seconds that can be said; a pause is never longer than the last
_LOG = logging.getLogger(__name__)


def clip_of(cue: Cue, ms: int | None) -> str | None:
    """The name of a cue's clip; a wait is said with the seconds that remain, rounded up."""
    if cue is Cue.WAIT and ms is not None:
        return f"wait-{next((n for n in WAITS if 1000 * n >= ms), WAITS[-1])}"
    return cue.value if SIGNALS[cue].zh else None


def sentences() -> dict[str, tuple[str, str]]:
    """Every clip, and what it says in Chinese and in English."""
    said = {cue.value: (signal.zh, signal.en) for cue, signal in SIGNALS.items() if signal.zh and signal.en}
    return said | {f"wait-{n}": (f"请等{n}秒", f"Please wait {n} seconds") for n in WAITS}


class Voice:
    """A loudspeaker at the door: any sound card that ALSA knows (a USB one, or an I²S amplifier).

    A newer cue cuts the older one short; only a fire is never cut short, and it alone is told in the quiet
    hours. ``folder`` may have recordings of your own, which are taken before those that come with the door:
    ``zh/accepted.wav``, ``en/wait-10.wav``. An ``aplay`` that is missing or fails is said once; all else
    goes on::

        voice = Voice(languages=["zh", "en"])
        voice.show(Cue.ACCEPTED, 5000)
        voice.close()
    """

    def __init__(
        self,
        *,
        languages: Sequence[str],
        folder: Path | None = None,
        device: str | None = None,
        quiet: Callable[[], bool] = lambda: False,
    ) -> None:
        self._folders = [SHIPPED] if folder is None else [folder, SHIPPED]
        self._languages, self._quiet = tuple(languages), quiet
        self._command = ["aplay", "-q", *(() if device is None else ("-D", device))]
        self._changed = Condition()
        self._next: tuple[Cue, int | None] | None = None
        self._saying: Cue | None = None
        self._player: subprocess.Popen[bytes] | None = None
        self._closed, self._failed = False, False
        self._thread = Thread(target=self._run, name="voice", daemon=True)
        self._thread.start()

    def show(self, cue: Cue, ms: int | None) -> None:
        """Say it; the click of a key says nothing, and cuts nothing short."""
        if clip_of(cue, ms) is None:
            return
        with self._changed:
            if cue is not Cue.FIRE and Cue.FIRE in (self._saying, self._next and self._next[0]):
                return
            self._next = cue, ms
            self._hush()
            self._changed.notify()

    def close(self) -> None:
        """Silent."""
        with self._changed:
            self._closed = True
            self._hush()
            self._changed.notify()
        self._thread.join(5)

    def clips(self, cue: Cue, ms: int | None) -> Iterator[Path]:
        """The files that say it, one for each language that has one."""
        name = clip_of(cue, ms)
        for language in self._languages:
            there = (folder / language / f"{name}.wav" for folder in self._folders)
            if (found := next((path for path in there if path.is_file()), None)) is not None:
                yield found

    def _has_news(self) -> bool:
        return self._closed or self._next is not None

    def _hush(self) -> None:
        if self._player is not None:
            self._player.terminate()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._has_news)
                if self._closed:
                    return
                assert self._next is not None
                (cue, ms), self._next = self._next, None
                self._saying = cue
            player = self._play(cue, ms)  # not under the lock: the disk may be slow, and cues do not wait
            with self._changed:
                self._player = player
                if self._has_news():
                    self._hush()
            if player is not None and player.wait() > 0:
                self._fail(f"aplay ended with {player.returncode}")
            with self._changed:
                self._player = self._saying = None

    def _play(self, cue: Cue, ms: int | None) -> subprocess.Popen[bytes] | None:
        files = list(self.clips(cue, ms))
        if not files or (cue is not Cue.FIRE and self._quiet()):
            return None
        try:
            return subprocess.Popen(
                [*self._command, *map(str, files)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        except OSError as error:
            self._fail(f"aplay cannot be started ({error.strerror}); apt-get install alsa-utils")
            return None

    def _fail(self, why: str) -> None:
        if not self._failed:
            self._failed = True
            _LOG.warning("the door is mute: %s", why)
