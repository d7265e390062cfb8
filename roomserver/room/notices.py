"""What hangs on the wall, as ``roomserver.toml`` has it: manners, exams, how to reach the committee."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from contract.hours import is_date
from contract.settings import Fault, option


@dataclass(frozen=True, slots=True)
class Notices:
    """What hangs on the wall: the page of the room shows it to everybody."""

    manners: tuple[str, ...] = option(
        (), doc="The room's rules as residents read them, a line each.", example=["保持安静", "离座带走物品"]
    )
    exams: Mapping[str, str] = option(
        factory=dict, doc="Exams that the page counts the days to.", example={"2027-06-07": "高考"}
    )
    address: str = option("", doc="Where the room is, in a line.")
    phone: str = option(
        "",
        pattern=r"[+0-9 ()-]*",
        form="a telephone number such as +86 21 5555 0101",
        doc="The committee's telephone, for everybody to see.",
    )
    email: str = option(
        "",
        pattern=r"([\w.+-]+@[\w.-]+)?",
        form="an address such as juweihui@example.org",
        doc="The committee's address for mail, for everybody to see.",
    )

    def faults(self) -> Iterator[Fault]:
        """Dates that are none."""
        for name in self.exams:
            if not is_date(name):
                yield Fault("exams", f"{name[:20]!r} is no date; write 2027-06-07")
