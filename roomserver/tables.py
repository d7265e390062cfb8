"""Every table, from whichever file it stands in: import ``Base`` from here where none may be missing."""

import roomserver.hourly
import roomserver.notify.noted
import roomserver.office
import roomserver.register  # noqa: F401  (imported for their tables)
from roomserver.schema import Base

__all__ = ["Base"]
