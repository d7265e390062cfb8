"""The tables of ``config.toml`` about what may be fitted besides: sensors, lights, bell, voice, display."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from contract.settings import Fault, option
from door.fittings import HOURS, HOURS_FORM


def pin(default: int | None, doc: str, example: int | None = None) -> Any:
    """A GPIO number."""
    return option(default, least=0, most=27, doc=doc, example=example)


@dataclass(frozen=True, slots=True)
class Beams:
    """Two break beams across the doorway, a hand apart at the height of the hip: they count who passes."""

    fitted: bool = option(default=False, doc="true: both are there, and only they count.")
    outer: int = pin(7, "Receiver of the beam on the side of the street; the pull-up is the Pi's own.")
    inner: int = pin(8, "Receiver of the beam on the side of the room.")
    closed_when_clear: bool = option(
        default=True,
        doc="true: the receiver's contact is closed while it sees light (a cut wire is noticed).",
    )
    blocked_seconds: int = option(
        120, least=10, most=3600, doc="Broken for so long: an alarm, and grants are counted meanwhile."
    )


@dataclass(frozen=True, slots=True)
class Motion:
    """A motion sensor inside: its silence behind a shut door says that nobody is in."""

    fitted: bool = option(default=False, doc="true: it is there, and sees every seat.")
    pin: int = pin(4, "Its pin.")
    kind: Literal["module", "contact"] = option(
        "module", doc="module: 3.3 V out while something moves. contact: of an alarm detector, to ground."
    )
    silent_minutes: int = option(
        60, least=5, most=720, doc="Silence for so long is an empty room; readers sit still for long."
    )


@dataclass(frozen=True, slots=True)
class Tamper:
    """A contact at the housing of the Pi or of the keypad, closed while the housing is."""

    fitted: bool = option(default=False, doc="true: it is there; a cut wire is an open housing.")
    pin: int = pin(11, "Its pin; the pull-up is the Pi's own.")


@dataclass(frozen=True, slots=True)
class Fire:
    """A contact of the fire alarm: the door is free for as long as it lasts, in every mode."""

    fitted: bool = option(default=False, doc="true: it is there.")
    pin: int = pin(21, "Its pin; the pull-up is the Pi's own.")
    normally_closed: bool = option(
        default=True, doc="true: it opens in a fire (better: a cut wire frees the door, and is noticed)."
    )


@dataclass(frozen=True, slots=True)
class PowerFail:
    """A contact of the battery supply that says that the mains has failed."""

    fitted: bool = option(default=False, doc="true: it is there.")
    pin: int = pin(9, "Its pin; the pull-up is the Pi's own.")
    normally_closed: bool = option(default=True, doc="true: it opens when the mains fails.")


@dataclass(frozen=True, slots=True)
class Lights:
    """A second relay for the room's lights: on for whoever comes, off after the last has left."""

    fitted: bool = option(default=False, doc="true: it is there.")
    pin: int = pin(26, "Input of its relay board.")
    active_high: bool = option(default=True, doc="false for a board that switches on a low input.")
    at_rest: Literal["on", "off"] = option(
        "on", doc="on: wire COM and NC, so that a dead Pi leaves nobody in the dark. off: COM and NO."
    )
    off_minutes: int = option(5, least=1, most=240, doc="They burn on for so long in an empty room.")


@dataclass(frozen=True, slots=True)
class Bell:
    """The bell: `*` held for three seconds, or pressed three times. Nothing opens by itself."""

    fitted: bool = option(default=False, doc="true: somebody inside hears it.")
    chime: int | None = pin(
        None, "A buzzer or gong inside, through a transistor; left out: voice and MQTT alone.", 10
    )


@dataclass(frozen=True, slots=True)
class Voice:
    """A loudspeaker at the door says each cue in a short sentence (needs alsa-utils)."""

    fitted: bool = option(default=False, doc="true: a sound card that ALSA knows, and a loudspeaker.")
    languages: tuple[str, ...] = option(
        ("zh", "en"), pattern="zh|en", form='"zh" or "en"', doc="What is spoken, in this order."
    )
    device: str | None = option(
        None,
        pattern=r"[!-~]{1,60}",
        form="a name that `aplay -L` lists",
        doc="The ALSA device; left out: the default one.",
        example="plughw:CARD=Device",
    )
    folder: Path | None = option(
        None,
        doc="Recordings of your own, such as zh/accepted.wav; what is not there is spoken as it came.",
        example="/etc/studyroom/voice",
    )
    quiet: str = option(
        "22:00-07:00",
        pattern=HOURS,
        form=HOURS_FORM,
        doc='When only a fire is spoken of (local time), or "" for never.',
    )

    def faults(self) -> Iterator[Fault]:
        """A voice without a language, or one that says everything twice."""
        if self.fitted and not self.languages:
            yield Fault("languages", 'must have "zh", "en" or both, or the voice says nothing')
        if len(set(self.languages)) < len(self.languages):
            yield Fault("languages", "must have each language once")


@dataclass(frozen=True, slots=True)
class Display:
    """A small OLED of 128 × 64 pixels at the door, on I²C (needs the extra `display`)."""

    fitted: bool = option(default=False, doc="true: it is wired to GPIO2 (SDA) and GPIO3 (SCL).")
    kind: Literal["ssd1306", "ssd1309", "sh1106"] = option(
        "ssd1306", doc="Its chip; what is drawn two pixels aside wants the other."
    )
    port: int = option(1, least=0, most=22, doc="The I²C bus; 1 is the one on the header.")
    address: int = option(0x3C, least=0x08, most=0x77, doc="Its address; 60 is 0x3c, 61 is 0x3d.")
    upside_down: bool = option(default=False, doc="true: it hangs with its pins below.")
    contrast: int = option(128, least=1, most=255, doc="How bright; a bright one wears out sooner.")
    languages: tuple[str, ...] = option(
        ("zh", "en"), pattern="zh|en", form='"zh" or "en"', doc="What is written, Chinese above."
    )
    quiet: str = option(
        "22:00-07:00", pattern=HOURS, form=HOURS_FORM, doc='When it is dimmed (local time), or "" for never.'
    )

    def faults(self) -> Iterator[Fault]:
        """A display without a language, or with one twice."""
        if self.fitted and not self.languages:
            yield Fault("languages", 'must have "zh", "en" or both, or nothing can be written')
        if len(set(self.languages)) < len(self.languages):
            yield Fault("languages", "must have each language once")
