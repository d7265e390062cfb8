"""What one key of a settings class may be, whether a value is that, and the words for it when it is not."""

from __future__ import annotations

import json
import re
import unicodedata
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

_NOUNS = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "a path",
    bytes: "bytes in hex or base64",
}
_HUGE = 1e300  # beyond it float() raises; nan and inf fail the comparison


@dataclass(frozen=True, slots=True)
class Option:
    """What a key may be, beside its type; of a list each element, of bytes the bounds of their number."""

    doc: str = ""
    least: float | None = None
    most: float | None = None
    pattern: str | None = None
    form: str | None = None  # the pattern in words
    choices: tuple[str, ...] = ()
    lines: bool = False  # text of several lines (a certificate)
    secret: bool = False  # its value is in no repr and in no fault
    example: object = None  # shown in the sample file where there is no default


def option(default: Any = MISSING, *, factory: Callable[[], object] | None = None, **limits: Any) -> Any:
    """A field of a settings class with the limits of ``Option``; without a default its key is required."""
    made = Option(**limits)
    if factory is not None:
        return field(default_factory=factory, repr=not made.secret, metadata={"option": made})
    return field(default=default, repr=not made.secret, metadata={"option": made})


def option_of(of: Any) -> Option:
    """The ``Option`` of a dataclass field; a plain field has no limits."""
    found = of.metadata.get("option")
    return found if isinstance(found, Option) else Option()


def choices(hint: Any, limits: Option) -> tuple[str, ...]:
    """The words that a key may be, none if it is no choice among words."""
    if get_origin(hint) is Literal:
        return get_args(hint)
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return tuple(str(word) for word in hint)
    return limits.choices


def fits(hint: Any, value: object, limits: Option) -> bool:
    """Whether a single value is what its key may be."""
    if words := choices(hint, limits):
        return isinstance(value, str) and value in words
    match value:
        case _ if hint is object:
            return True
        case bool():
            return hint is bool
        case int() | float() if hint is float or (hint is int and isinstance(value, int)):
            return _within(value, limits)
        case str() if hint is bytes:
            decoded = _bytes(value)
            return decoded is not None and _within(len(decoded), limits)
        case str() if hint in (str, Path):
            return _is_clean(value, limits) and (hint is str or value != "")
    return False


def converted(hint: Any, value: Any) -> Any:
    """A value that ``fits``, as its type."""
    if hint is bytes:
        return _bytes(value)
    return hint(value) if isinstance(hint, type) and hint is not object else value


def expected(hint: Any, limits: Option) -> str:
    """What a key may be, in words."""
    if words := choices(hint, limits):
        return "one of " + ", ".join(json.dumps(word) for word in words)
    if limits.form:
        return limits.form
    noun = _NOUNS.get(hint, "given")
    match limits.least, limits.most:
        case None, None:
            return noun
        case least, None:
            return f"{noun}, at least {least}"
        case None, most:
            return f"{noun}, at most {most}"
        case least, most if least == most:
            return f"{least} {noun}"
        case least, most:
            return f"{noun} from {least} to {most}"


def shown(value: object, limits: Option) -> str:
    """A value in a fault: short, never a secret, never the inside of a table or list."""
    if limits.secret:
        return "what is there"
    match value:
        case str():
            text = json.dumps(value[:40])
            return text[:-1] + '…"' if len(value) > 40 else text
        case bool() | None:
            return json.dumps(value)
        case int() if abs(value) >= 10**20:
            return "a number so large"
        case Mapping() | list() | tuple():
            return sort(value)
    return str(value)


def sort(value: object) -> str:
    """What sort of value this is, without the value."""
    match value:
        case Mapping():
            return "a table"
        case list() | tuple():
            return "a list"
        case str():
            return "text"
    return "a single value"


def _within(number: float, limits: Option) -> bool:
    least = -_HUGE if limits.least is None else limits.least
    most = _HUGE if limits.most is None else limits.most
    return least <= number <= most


def _is_clean(text: str, limits: Option) -> bool:
    # A NUL in a path and a lone surrogate raise far from here; a note of two lines breaks every log.
    allowed = "\n\r\t" if limits.lines else ""
    if any(unicodedata.category(c) in ("Cc", "Cs") and c not in allowed for c in text):
        return False
    return limits.pattern is None or re.fullmatch(limits.pattern, text) is not None


def _bytes(text: str) -> bytes | None:
    if re.fullmatch(r"([0-9a-fA-F]{2})*", text):
        return bytes.fromhex(text)
    plain = text.rstrip("=").replace("+", "-").replace("/", "_")
    if not re.fullmatch(r"[A-Za-z0-9_-]*", plain) or len(plain) % 4 == 1:
        return None
    return urlsafe_b64decode(plain + "=" * (-len(plain) % 4))
