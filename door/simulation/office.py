"""The server of a story: who is a member, what was issued to him and when, and how it answers the door."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from contract.access import EMPTY_DIGEST, AccessRecord, chain_digest, merge, revoke
from contract.codes import Kind
from contract.hours import Hours
from door.events import ListReceived
from door.rules import Rules


@dataclass(frozen=True, slots=True)
class Issued:
    """A record as it stood from ``since`` (Unix s) on."""

    since: int
    record: AccessRecord


@dataclass(slots=True)
class Office:
    """The list with its revisions, and the committee's rules."""

    history: dict[str, list[Issued]] = field(default_factory=dict)
    digests: list[str] = field(default_factory=lambda: [EMPTY_DIGEST])
    hours: Hours = field(default_factory=Hours)
    capacity: int = 15
    when_full: str = "allow"
    rules_revision: int = 0
    dead_since: int | None = None

    def record(self, member: str) -> AccessRecord:
        """The member's record now."""
        return self.history[member][-1].record

    def record_at(self, member: str, t: int) -> AccessRecord:
        """The record as it stood at Unix second ``t`` (the first one, before that)."""
        issued = self.history[member]
        return next((i.record for i in reversed(issued) if i.since <= t), issued[0].record)

    def before_reissue(self, member: str) -> AccessRecord | None:
        """The record of the generation before the present one, if there was one."""
        now = self.record(member).generation
        return next((i.record for i in reversed(self.history[member]) if i.record.generation < now), None)

    def drawn_until(self, record: AccessRecord) -> int | None:
        """When codes of that generation could be drawn last; None while they still can."""
        ends = [self.dead_since] if self.dead_since is not None else []
        for issued in self.history[record.member]:
            now = issued.record
            if now.generation > record.generation or now.revoked_through >= record.generation:
                ends.append(issued.since)
                break
        return min(ends, default=None)

    def add(self, member: str, kind: Kind, t: int) -> None:
        """A new member."""
        self.history[member] = []
        self.put(AccessRecord(member, kind), t)

    def put(self, record: AccessRecord, t: int) -> None:
        """A record changes at Unix second ``t``."""
        record = replace(record, revision=len(self.digests))
        self.digests.append(chain_digest(self.digests[-1], record))
        self.history[record.member].append(Issued(t, record))

    def revoke(self, member: str, t: int) -> None:
        """Kill all codes of the member."""
        self.put(revoke(self.record(member)), t)

    def reissue(self, member: str, kind: Kind, t: int) -> None:
        """A new phone, sheet or authenticator; what he had before is dead."""
        record = self.record(member)
        self.put(replace(record, kind=kind, generation=record.top + 1), t)

    def learn(self, theirs: AccessRecord, t: int) -> None:
        """Take what a row of the door tells, by maximum."""
        if theirs.member in self.history:
            ours = self.record(theirs.member)
            news = merge(replace(theirs, revision=0), ours)
            if news != ours:
                self.put(news, t)

    def in_force(self, rules: Rules) -> Rules:
        """The rules with what the committee has set."""
        revision = self.rules_revision
        return replace(
            rules, hours=self.hours, capacity=self.capacity, when_full=self.when_full, revision=revision
        )

    def answer(self, since: int, digest: str) -> ListReceived:
        """The list for a door that holds ``since`` with ``digest``: a delta if it is ours."""
        complete = since >= len(self.digests) or self.digests[since] != digest
        records = [issued[-1].record for issued in self.history.values()]
        news = tuple(r for r in records if complete or r.revision > since)
        return ListReceived(len(self.digests) - 1, self.digests[-1], complete, news)
