"""Every table, from whichever file it stands in: import ``Base`` from here where none may be missing."""

import roomserver.committee.office
import roomserver.notify.noted
import roomserver.room.hourly
import roomserver.storage.register  # noqa: F401  (imported for their tables)
from roomserver.storage.schema import Base

__all__ = ["Base"]
