"""The access list with its used steps: ``decide`` reads it, the loop writes it between two events.

A dict of everybody, never copied: constant work however many members.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from contract.access import EMPTY_DIGEST, AccessRecord, bare, merge, replaced
from contract.codes import Kind
from door.effects import CountFailures, Effect, Forget, Learn, Record, TakeList, Use
from door.events import ListReceived


@dataclass(frozen=True, slots=True)
class Used:
    """The newest step used of one member and kind, and how often (``paper`` is good for several)."""

    generation: int
    step: int
    uses: int = 1


@dataclass(slots=True)
class AccessList:
    """Records by member number, what they have used up, and their failures in a row."""

    records: dict[str, AccessRecord] = field(default_factory=dict)
    used: dict[tuple[str, str], Used] = field(default_factory=dict)
    failures: dict[str, int] = field(default_factory=dict)
    revision: int = 0
    digest: str = EMPTY_DIGEST

    def record(self, member: str) -> AccessRecord:
        """The member's record; a number on no record is a phone of generation 1."""
        return self.records.get(member) or AccessRecord(member)

    def last_used(self, member: str, kind: str, generation: int) -> Used | None:
        """The newest step used of that kind and generation."""
        used = self.used.get((member, kind))
        return used if used is not None and used.generation == generation else None

    def apply(self, effect: Effect) -> None:
        """Take one effect into account; effects that do not concern the list are passed over."""
        match effect:
            case Use():
                self._use(effect)
            case Learn(record):
                ours = self.records.get(record.member)
                self.records[record.member] = record if ours is None else replaced(ours, record)
            case Forget(member):
                if member in self.records:
                    self.records[member] = bare(self.records[member])
            case CountFailures(member, 0):
                self.failures.pop(member, None)
            case CountFailures(member, failures):
                self.failures[member] = failures
            case TakeList():
                self.take(effect.members, complete=effect.complete)
                self.revision, self.digest = effect.revision, effect.digest

    def take(self, members: Iterable[AccessRecord], *, complete: bool) -> None:
        """Merge an answer of the server; in a complete one, who is missing keeps only the maxima."""
        combine = replaced if complete else merge
        seen = set()
        for record in members:
            seen.add(record.member)
            ours = self.records.get(record.member)
            self.records[record.member] = record if ours is None else combine(ours, record)
        if complete:
            for member in self.records.keys() - seen:
                self.records[member] = bare(self.records[member])

    def _use(self, use: Use) -> None:
        if use.kind == Kind.CARD:
            record = self.record(use.member)
            self.records[use.member] = replace(record, card_pair=max(record.card_pair, use.step))
            return
        last = self.last_used(use.member, use.kind, use.generation)
        uses = last.uses + 1 if last is not None and last.step == use.step else 1
        self.used[use.member, use.kind] = Used(use.generation, use.step, uses)


def received(access: AccessList, answer: ListReceived) -> tuple[Effect, ...]:
    """What an answer of the server changes, and a ``revoked`` row for each revocation it has forgotten.

    A server restored from a backup answers with less than the door holds; the row tells it (PROTOCOL §3).
    """
    effects: list[Effect] = [TakeList(answer.revision, answer.digest, answer.complete, answer.members)]
    if answer.revision != access.revision or answer.digest != access.digest:
        detail = {"revision": answer.revision, "complete": answer.complete, "members": len(answer.members)}
        effects.append(Record("list", detail=detail))
    told = {record.member: record for record in answer.members}
    asked = access.records.keys() if answer.complete else told.keys() & access.records.keys()
    for member in sorted(asked):
        ours, theirs = access.records[member], told.get(member, AccessRecord(member))
        if ours.generation > theirs.generation or ours.revoked_through > theirs.revoked_through:
            # The kind, too: a server that lost a paper member would else take him for one with a phone.
            record = {"generation": ours.generation, "through": ours.revoked_through, "kind": ours.kind}
            effects.append(Record("revoked", member, detail={**record, "again": True}))
    return tuple(effects)
