"""Which columns are sealed with the key file, and how all of them get a new key while the server runs.

First the new key is put before the old one in the file, and a running server seals with it from then on. Then
everything is sealed anew in one transaction, and when that is on the disk the old key is dropped. Broken off
anywhere it can simply be done again: the file always has every key that is still in use.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute

from roomserver.committee.office import Account
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


def rotate(opened: Opened) -> int:
    """A new key for all that is sealed; how many values that were."""
    file = opened.place.key_file
    vault.add_key(file)
    with opened.database.write() as session:
        count = 0
        for table, columns in SEALED.items():
            for row in session.scalars(select(table).with_for_update()):
                for column in columns:
                    count += _reseal(opened, row, column.key)
        kept = session.get(Meta, tags.KEY_NAME)
        if kept is not None:
            kept.value = opened.vault.reseal(kept.value.encode()).decode()
            count += 1
    vault.drop_old_keys(file)
    return count


def _reseal(opened: Opened, row: Base, name: str) -> int:
    sealed = getattr(row, name)
    if sealed is None:
        return 0
    setattr(row, name, opened.vault.reseal(sealed))
    return 1
