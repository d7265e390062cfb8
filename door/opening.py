"""Opens the ledger, whatever state its file is in: what is corrupt is set aside, what is new is begun."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from door import schema
from door.accesslist import AccessList
from door.effects import Remember
from door.ledger import Ledger, NewLog, Outstanding
from door.rescue import rescue
from door.state import USED_STEPS_LOST

Make = Callable[[sqlite3.Connection], Ledger]


@dataclass(frozen=True, slots=True)
class Opened:
    """A ledger, what it remembers, and the word for what was wrong with its file."""

    ledger: Ledger | None
    fault: str | None = None
    access: AccessList = field(default_factory=AccessList)
    facts: Mapping[str, object] = field(default_factory=dict)
    outstanding: tuple[Outstanding, ...] = ()


def open_ledger(path: Path, make: Make, *, distrust: bool = False) -> Opened:
    """The ledger, writable; ``corrupt`` means it is a new one. Raises what ``fault_of`` has a word for.

    ``distrust`` sets aside a file that was found corrupt in use, however sound it looks when opened.
    """
    try:
        if not (distrust and path.exists()):
            return _open_sound(path, make, fault=None)
    except Exception as error:
        if schema.fault_of(error) != "corrupt":
            raise
    schema.set_aside(path)
    return _open_sound(path, make, fault="corrupt")


def open_anyhow(path: Path, make: Make) -> Opened:
    """As ``open_ledger``; else what can be read of the file, or nothing, and the word for why."""
    try:
        return open_ledger(path, make)
    except Exception as error:  # noqa: BLE001 - the door must come up on any disk
        fault = schema.fault_of(error) or "failed"
    if fault == "newer":
        ledger = make(schema.in_memory())
        ledger.write([(NewLog(fault),)])
        return Opened(ledger, fault, facts={USED_STEPS_LOST: True})
    try:
        db, whole = schema.open_to_read(path)
        if db is not None:
            ledger = make(db)
            opened = _load(ledger, fault)
            return opened if whole else replace(opened, facts={**opened.facts, USED_STEPS_LOST: True})
    except (sqlite3.Error, OSError, ValueError):
        pass  # less than this cannot be read
    return Opened(None, fault, facts={USED_STEPS_LOST: True})


def _open_sound(path: Path, make: Make, *, fault: str | None) -> Opened:
    db = schema.open_to_write(path)
    try:
        ledger = make(db)
        _begin_log(path, ledger)
        return _load(ledger, fault)
    except ValueError as error:  # sound pages that hold nonsense
        db.close()
        raise schema.CorruptError("corrupt") from error
    except BaseException:
        db.close()
        raise


def _load(ledger: Ledger, fault: str | None) -> Opened:
    return Opened(ledger, fault, ledger.access_list(), ledger.facts(), ledger.outstanding())


def _begin_log(path: Path, ledger: Ledger) -> None:
    """A database without a log is new, or (also after a power cut in between) follows one set aside."""
    if ledger.head.log:
        if not ledger.key_is_ours():
            ledger.write([(NewLog("enrolled"),)])
        return
    aside = schema.last_set_aside(path)
    with schema.atomic(ledger.db):
        if aside is None:
            ledger.write([(NewLog("new"),)])
            return
        saved = rescue(aside, ledger.db)
        ledger.find_head()
        ledger.write([(NewLog("corrupt", {"rescued": saved}), Remember(USED_STEPS_LOST, True))])
