"""Makes the clips with which the page of the code is read aloud: roomserver/pages/static/voice-*.mp3.

Needs espeak-ng and ffmpeg. A file is made of equal slots of ``SLOT_SECONDS``: ten digits, then two phrases of
two slots each. ``code.js`` plays slots of it, so that one small file serves every code. Run it when a word
changes: ``python tools/make_voice.py``.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import wave
from array import array
from pathlib import Path

STATIC = Path(__file__).parent.parent / "roomserver/pages/static"
RATE = 22_050
SLOT_SECONDS = 0.8
LEAD_SECONDS = 0.06  # some browsers play the encoder's own delay, others cut it off
QUIET, LOUD = 300, 26_000
VOICES = {
    "zh": ("cmn", 150, "零 一 二 三 四 五 六 七 八 九".split(), ("请输入", "再输入")),
    "en": ("en-gb", 150, "zero one two three four five six seven eight nine".split(), ("please type", "and then")),
}


def main() -> int:
    """Make every file anew."""
    for language, (voice, speed, digits, phrases) in VOICES.items():
        slots = [fitted(spoken(word, voice, speed), 1, word) for word in digits]
        slots += [fitted(spoken(phrase, voice, speed), 2, phrase) for phrase in phrases]
        path = STATIC / f"voice-{language}.mp3"
        encode(b"".join(slot.tobytes() for slot in slots), path)
        print(f"{path.name}: {path.stat().st_size} bytes")
    return 0


def spoken(text: str, voice: str, speed: int) -> array[int]:
    """A word as samples, without the silence around it, as loud as the others."""
    with tempfile.NamedTemporaryFile(suffix=".wav") as file:
        subprocess.run(["espeak-ng", "-v", voice, "-s", str(speed), "-w", file.name, text], check=True)
        with wave.open(file.name) as sound:
            assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (RATE, 1, 2)
            samples = array("h", sound.readframes(sound.getnframes()))
    heard = [n for n, sample in enumerate(samples) if abs(sample) > QUIET]
    samples = samples[heard[0] : heard[-1] + 1]
    loudest = max(abs(sample) for sample in samples)
    return array("h", (sample * LOUD // loudest for sample in samples))


def fitted(samples: array[int], slots: int, word: str) -> array[int]:
    """Exactly so many slots, silent before and after."""
    lead, whole = int(RATE * LEAD_SECONDS), int(RATE * SLOT_SECONDS * slots)
    rest = whole - lead - len(samples)
    if rest < lead:
        raise SystemExit(f"{word!r} is longer than its {slots} slots")
    return array("h", bytes(2 * lead)) + samples + array("h", bytes(2 * rest))


def encode(samples: bytes, path: Path) -> None:
    """As mp3, which every browser plays."""
    raw = ["-f", "s16le", "-ar", str(RATE), "-ac", "1", "-i", "-"]
    made = ["-c:a", "libmp3lame", "-b:a", "24k", "-map_metadata", "-1", "-id3v2_version", "0", str(path)]
    subprocess.run(["ffmpeg", "-v", "error", "-y", *raw, *made], input=samples, check=True)


if __name__ == "__main__":
    sys.exit(main())
