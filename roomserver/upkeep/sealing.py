"""Which columns are sealed with the key file, and how all of them get a new key while the server runs.

For one server (``rotate``) the new key is put before the old one in the file, and a running server seals
with it from then on. Then everything is sealed anew in one transaction, and when that is on the disk the old
key is dropped. Broken off anywhere it can simply be done again: the file always has every key that is still
in use.

Each of several servers reads a file of its own, so the same goes in steps, and after each the file is copied
to all: ``add`` a key that opens and does not seal yet, ``seal`` with it, ``drop`` the old one. A server
whose file is one step behind opens whatever the others seal, and what it seals is opened by them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from roomserver.committee.office import Account
from roomserver.errors import RoomserverError
from roomserver.place import Opened
from roomserver.storage import tags, vault
from roomserver.storage.register import Application, Person, Reason
from roomserver.storage.schema import Base, Door, Meta

SEALED: Mapping[type[Base], tuple[InstrumentedAttribute[Any], ...]] = {
    Door: (Door.key, Door.former_key, Door.mqtt_password),
    Person: (Person.name, Person.phone),
    Reason: (Reason.text,),
    Application: (Application.name, Application.phone),
    Account: (Account.totp,),
}


class RotationError(RoomserverError, ValueError):
    """Not the step to take now; ``str(error)`` says which is."""


def rotate(opened: Opened) -> int:
    """All at once, for the only server: a new key for all that is sealed; how many values that were."""
    file = opened.place.key_file
    if vault.key_waits(file):
        vault.let_seal(file)
    else:
        vault.add_key(file)
    count = _reseal_all(opened)
    vault.drop_old_keys(file)
    return count


def add(opened: Opened) -> None:
    """The first step: a new key in the file, which opens and does not seal yet."""
    file = opened.place.key_file
    if len(vault.read_keys(file)) > 1:
        step = "--seal" if vault.key_waits(file) else "--drop"
        raise RotationError(f"{file} has a new key already. Go on with: roomserver rotate-key {step}")
    vault.add_key(file, waits=True)


def seal(opened: Opened) -> int:
    """The second, when every server has that file: the new key seals; how many values were sealed anew."""
    file = opened.place.key_file
    if len(vault.read_keys(file)) == 1:
        raise RotationError(f"{file} has no new key. Begin with: roomserver rotate-key --add")
    vault.let_seal(file)
    return _reseal_all(opened)


def drop(opened: Opened) -> None:
    """The third, when every server has the file as it is: the old key goes, if none seals with it still."""
    file = opened.place.key_file
    if len(vault.read_keys(file)) == 1:
        raise RotationError(f"{file} has no older key. For a new one: roomserver rotate-key --add")
    if vault.key_waits(file):
        raise RotationError("The new key seals nothing yet. First: roomserver rotate-key --seal")
    late = _reseal_all(opened)
    if late:
        raise RotationError(
            f"{late} values were still sealed with the old key. They are sealed with the new one now, and "
            f"the old one is kept. See that every server has {file} as it is, then again: "
            "roomserver rotate-key --drop"
        )
    vault.drop_old_keys(file)


def _reseal_all(opened: Opened) -> int:
    """Seal with the first key whatever is not, in one transaction; how many values that were."""
    count = 0
    with opened.database.write() as session:
        for table, columns in SEALED.items():
            for row in session.scalars(select(table).with_for_update()):
                for column in columns:
                    count += _reseal(opened, row, column.key)
        kept = session.get(Meta, tags.KEY_NAME)
        if kept is not None:
            before, kept.value = kept.value, opened.vault.reseal(kept.value.encode()).decode()
            count += kept.value != before
    return count


def _reseal(opened: Opened, row: Base, name: str) -> int:
    sealed = getattr(row, name)
    if sealed is None:
        return 0
    anew = opened.vault.reseal(sealed)
    setattr(row, name, anew)
    return int(anew != sealed)
