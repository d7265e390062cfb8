"""Mainland identity numbers (GB 11643-1999): their form, date of birth and check character; pure."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

_WEIGHTS = tuple(2**n % 11 for n in range(17, 0, -1))  # ISO 7064 MOD 11-2, from the left
_CHECKS = "10X98765432"
_FORM = re.compile(r"\d{17}[\dX]", re.ASCII)
_OTHER = re.compile(r"(?=.*[A-Z])[A-Z0-9]{5,20}", re.ASCII)
# GB/T 2260: the first two digits name a province; 83 and 91 are residence permits in the same form.
_PROVINCES = frozenset(
    "11 12 13 14 15 21 22 23 31 32 33 34 35 36 37 41 42 43 44 45 46 50 51 52 53 54 61 62 63 64 65 "
    "71 81 82 83 91".split()
)
_FIRST_YEAR = 1800  # the standard's own example is of 1880


class Fault(StrEnum):
    """What is wrong with a number, for whoever typed it."""

    FORM = "form"
    DATE = "date"
    CHECK = "check"


class NumberError(ValueError):
    """This is no identity number; ``fault`` says why, and the number is not in the text."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(f"not an identity number: {fault}")
        self.fault = fault


@dataclass(frozen=True, slots=True)
class IdentityNumber:
    """A number as it is compared; ``born`` only of a mainland number, others are for people to look at."""

    digits: str = field(repr=False)
    born: date | None

    @property
    def mainland(self) -> bool:
        """Whether a provider can check it."""
        return self.born is not None

    def age(self, today: date) -> int | None:
        """Full years on ``today``."""
        if self.born is None:
            return None
        had_birthday = (today.month, today.day) >= (self.born.month, self.born.day)
        return today.year - self.born.year - (not had_birthday)


def read(text: str, today: date) -> IdentityNumber:
    """A number as people type it: full-width digits, spaces and a small x are meant well."""
    digits = re.sub(r"[\s·.-]", "", unicodedata.normalize("NFKC", text)).upper()
    if _OTHER.fullmatch(digits) and not _FORM.fullmatch(digits):
        return IdentityNumber(digits, None)
    if not _FORM.fullmatch(digits) or digits[:2] not in _PROVINCES:
        raise NumberError(Fault.FORM)
    born = _born(digits[6:14], today)
    if check_character(digits[:17]) != digits[17]:
        raise NumberError(Fault.CHECK)
    return IdentityNumber(digits, born)


def check_character(body: str) -> str:
    """The eighteenth character for the seventeen before it."""
    return _CHECKS[sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body, strict=True)) % 11]


def _born(text: str, today: date) -> date:
    try:
        born = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        raise NumberError(Fault.DATE) from None
    if born.year < _FIRST_YEAR or born > today:
        raise NumberError(Fault.DATE)
    return born
