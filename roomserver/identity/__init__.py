"""Whether a name and an identity number belong together: one question, asked of whom the settings name.

The free default is the committee, whose volunteers look at the paper. ``tencent`` and ``aliyun`` ask the
state's register through a paid service; ``demo`` believes everybody. A new provider is a file here and a line
in ``provider_of``. None of them stores the number, and no text of an error has it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Protocol

from roomserver.errors import RoomserverError
from roomserver.place import Place


class Verdict(StrEnum):
    """What a provider says."""

    RIGHT = "right"
    WRONG = "wrong"
    SEE_PAPER = "see-paper"  # only a volunteer can tell: another paper, or a number that no register has
    DOWN = "provider-down"
    BUSY = "provider-busy"  # too many questions today, ours or of this number


class Provider(Protocol):
    """Somebody who can be asked."""

    def check(self, name: str, number: str) -> Verdict:
        """Whether ``name`` and the mainland identity ``number`` belong together; never raises."""
        ...


class Committee:
    """The volunteers: each application waits until one of them has seen the paper."""

    def check(self, name: str, number: str) -> Verdict:  # noqa: ARG002  (nobody is asked)
        """Somebody has to look."""
        return Verdict.SEE_PAPER


class ProviderMissingError(RoomserverError, RuntimeError):
    """The library of the chosen provider is not installed."""


def provider_of(place: Place) -> Provider:
    """The provider of the settings; its library is imported only here."""
    name = place.settings.identity.provider
    try:
        return _made(name, place)
    except ImportError:
        raise ProviderMissingError(
            f'identity.provider = "{name}" needs a library: pip install "studyroom[server,{name}]"'
        ) from None


def _made(name: str, place: Place) -> Provider:
    match name:
        case "tencent":
            from roomserver.identity.tencent import Tencent

            return Tencent(place.settings.identity, place.identity_secret)
        case "aliyun":
            from roomserver.identity.aliyun import Aliyun

            return Aliyun(place.settings.identity, place.identity_secret)
        case "demo":
            from roomserver.identity.demo import Demo

            return Demo()
    return Committee()
