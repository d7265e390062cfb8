"""What a story shows: what happened when, as aligned text or complete as JSON; never a typed code."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from enum import StrEnum
from itertools import groupby

WIDTH = 90


class What(StrEnum):
    """The columns of a timeline."""

    NOTE = "note"  # what the teller says
    STORY = "story"  # what somebody does
    RELAY = "relay"
    CUE = "cue"
    ROW = "row"  # of the audit
    TOPIC = "topic"  # retained, as it changes
    WORLD = "world"  # what follows outside the door
    EXPECT = "expect"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened at ``unix_ms``; ``data`` is what JSON has of it."""

    unix_ms: int
    what: What
    text: str
    data: Mapping[str, object] = field(default_factory=dict)
    detail: bool = False  # in JSON only: the click of a key


@dataclass(slots=True)
class Timeline:
    """Everything so far; ``mark`` is where the last sentence began."""

    zone: tzinfo
    entries: list[Entry] = field(default_factory=list)
    mark: int = 0

    def add(
        self,
        unix_ms: int,
        what: What,
        text: str,
        data: Mapping[str, object] | None = None,
        *,
        detail: bool = False,
    ) -> None:
        """One thing more."""
        self.entries.append(Entry(unix_ms, what, text, data or {}, detail))

    def since(self, what: What) -> list[Entry]:
        """What of one column happened since the last sentence began."""
        return [entry for entry in self.entries[self.mark :] if entry.what is what and not entry.detail]

    def lines(self) -> Iterator[str]:
        """Aligned text, from the first sentence on; a date where the day changes, what repeats once."""
        shown = [entry for entry in self.entries if not entry.detail]
        begin = next((n for n, entry in enumerate(shown) if entry.what in (What.STORY, What.NOTE)), 0)
        day = None
        for _, same in groupby(shown[begin:], key=_repeats):
            entry, *again = same
            local = self._local(entry)
            if local.date() != day:
                day = local.date()
                yield f"{local:%A} {local.day} {local:%B %Y}"
            if entry.what is What.NOTE:
                yield from (
                    "",
                    *textwrap.wrap(entry.text, WIDTH, initial_indent="  ", subsequent_indent="  "),
                )
                continue
            # What a person does stands out to the left; what the door answers is indented.
            indent = "" if entry.what is What.STORY else "    "
            more = f"  (and {len(again)} times more until {self._local(again[-1]):%H:%M:%S})" if again else ""
            yield f"{local:%H:%M:%S}  {entry.what.value:<6}  {indent}{entry.text}{more}"

    def _local(self, entry: Entry) -> datetime:
        return datetime.fromtimestamp(entry.unix_ms / 1000, self.zone)

    def as_json(self) -> list[dict[str, object]]:
        """Everything, times as Unix milliseconds and as local time."""
        return [
            {
                "at": entry.unix_ms,
                "time": datetime.fromtimestamp(entry.unix_ms / 1000, self.zone).isoformat(
                    timespec="milliseconds"
                ),
                "what": entry.what.value,
                "text": entry.text,
                **entry.data,
            }
            for entry in self.entries
        ]


def _repeats(entry: Entry) -> object:
    """Cues that follow each other are told once; nothing else is alike."""
    return entry.text if entry.what is What.CUE else id(entry)
