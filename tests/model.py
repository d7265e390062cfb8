"""The whole door as it ought to be, in plain mutable Python: what the walk compares the core with.

It sees what anyone at the door could see (events, and the grants and rows that came of them before),
never what the core keeps in its state.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from judge import Half, Verdict, judge
from parts import Doorway, Expected, People, Purse, Way
from timepiece import Timepiece

from contract.access import AccessRecord
from contract.codes import MAX_GENERATION, Kind
from contract.messages import Command
from door import events as ev
from door.rules import Rules

SAFE = ("revoke", "refresh", "replay", "identify", "forget")
DAY_MS = 86_400_000
NO_VERBS = ("dance", "reinstate", "clock")  # to the server; two are the administrator's own
NO_REPEAT: dict[str, str] = {"lost": "keypad-lost", "stuck": "keypad-stuck"}


@dataclass
class Model:
    """Everything that decides what must happen next."""

    rules: Rules
    time: Timepiece
    purse: Purse
    way: Way
    people: People
    doorway: Doorway
    records: dict[str, AccessRecord] = field(default_factory=dict)
    used: dict[tuple[str, str, int], tuple[int, int]] = field(default_factory=dict)  # last step, how often
    failures: Counter[str] = field(default_factory=Counter)
    recent: list[tuple[str, int]] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)
    list_at: int | None = None
    list_of: tuple[int, str] = (0, "0" * 64)
    mode: str = "normal"
    until: int | None = None
    ends: int | None = None
    store_fault: str | None = None
    faults: set[tuple[str, str]] = field(default_factory=set)
    told: str = "none"  # the source of now by the last row
    stars: list[int] = field(default_factory=list)  # presses of * in a row, on one keypad
    starred: str = ""
    rung: int | None = None
    typed: dict[str, tuple[str, int]] = field(default_factory=dict)  # keypad: digits, last key
    firsts: dict[str, Half] = field(default_factory=dict)
    verdict: Verdict | None = None  # of the event at hand
    grants: Counter[tuple[str, str, int, int]] = field(default_factory=Counter)
    spent: int = 0  # tokens, since the door was built
    refunded: int = 0

    def record(self, member: str) -> AccessRecord:
        """The record; who is on none is a phone of generation 1."""
        return self.records.get(member, AccessRecord(member))

    def pair_only(self, member: str, now: int) -> bool:
        """Lockout, no store, lockdown, a number that is being guessed at, a clock nobody vouches for."""
        if self.purse.lockout or self.store_fault or self.mode == "lockdown":
            return True
        if self.failures[member] >= self.rules.failures_in_a_row:
            return True
        by_code = self.time.source(now) == "code" and self.record(member).kind is Kind.PHONE
        return not (self.time.trusted(now) or by_code)

    def foresee(self, event: ev.Event, now: int) -> Expected:
        """What must come of an event; afterwards the model is as the door ought to be."""
        e, self.verdict = Expected(), None
        self._pass_time(event, now, e)
        lowered = self._happen(event, now, e)
        source = self.time.source(now)
        if source != self.told or lowered:
            e.rows.append(("clock", None, "known-past-lowered" if lowered else None))
            self.told = source
        if self.until is not None and self.ends is None and self.time.trusted(now):
            self.ends = self._end_of(self.until, now)
        self.people.light(bool(self.way.open), now, e)
        return e

    # -- time that passes, and keys -------------------------------------------------------------

    def _pass_time(self, event: ev.Event, now: int, e: Expected) -> None:
        self.way.pass_time(now, e)
        self.purse.pass_time(now, e)
        if self.doorway.pass_time(now, e):
            self.people.sure = min(self.people.sure, 1)
        self.people.beams = self.rules.has_beams and not self.doorway.blocked
        self.people.pass_time(self.way.open is False, now, e)
        if self.ends is not None and now >= self.ends:
            self.mode, self.until, self.ends = "normal", None, None
            e.rows.append(("mode", None, None))
            e.kept.add("mode")
            if self.way.free:
                self.way.shut(now, e)
        self.firsts = {pad: f for pad, f in self.firsts.items() if now - f.at <= self.rules.pair_ms}
        only = event.keypad if isinstance(event, ev.KeyPressed) else None
        for pad, (digits, last) in list(self.typed.items()):
            if only not in (None, pad):
                continue
            if pad in self.firsts and len(digits) == 6 and now >= last + self.rules.second_pause_ms:
                del self.typed[pad]
                self._attempt(pad, digits, now, e)
                return
            if now >= last + self.rules.silence_ms:
                del self.typed[pad]
                e.cues.append("cleared")
                return

    def _key(self, pad: str, key: str, now: int, e: Expected) -> None:
        digits, _ = self.typed.pop(pad, ("", 0))
        if key != "*" or pad != self.starred:
            self.stars = []
        if key == "*":
            e.cues.append("cleared")
            self.starred, self.stars = pad, [*(at for at in self.stars if now - at < 3000), now]
            if len(self.stars) == 3:
                self._ring(now, e)
        elif key == "#":
            e.cues.append("key")
            if digits:
                self._attempt(pad, digits, now, e)
        else:
            e.cues.append("key")
            if len(digits + key) == 10:
                self._attempt(pad, digits + key, now, e)
            else:
                self.typed[pad] = (digits + key, now)

    def _ring(self, now: int, e: Expected) -> None:
        if not self.rules.has_bell:
            return
        self.stars = []
        if self.rung is None or now - self.rung >= 20_000:
            self.rung = now
            e.cues.append("bell")
            e.rows.append(("bell", None, None))

    def _attempt(self, pad: str, digits: str, now: int, e: Expected) -> None:
        v = self.verdict = judge(self, digits, self.firsts.get(pad), now)
        e.cues.append(v.cue.value)
        e.settles |= v.settles
        if v.answer == "wait":
            return
        self.firsts.pop(pad, None)
        if v.hold is not None:
            self.firsts[pad] = v.hold
        if v.answer == "granted":
            self._granted(v, now, e)
        elif v.answer == "second":
            e.kept |= {"budget"} if v.settles else set()
        elif v.costs == "token":
            self.failures[v.member] += 1
            self.purse.spend(v.member, v.near, now, e)
            self.spent += 1
            e.settles = True
            e.rows.append(("denied", v.member, min(v.reasons)))
        elif v.costs == "pause" or v.reasons == {"wrong-length"}:
            self.purse.gather("denied", min(v.reasons), now)
            if v.costs:
                self.purse.wrong_pair(now, e)
        else:
            e.kept |= {"known_past"} if v.reasons == {"late-code"} else set()
            e.rows.append(("denied", v.member, min(v.reasons)))

    def _granted(self, v: Verdict, now: int, e: Expected) -> None:
        assert v.way is not None
        way, member, record = v.way, v.member, v.way.record
        e.rows.append(("granted", member, None))
        if record != self.record(member):
            self.records[member] = record
        for kind, step in way.uses:
            key = (member, kind, record.generation)
            last, uses = self.used.get(key, (-1, 0))
            self.used[key] = (step, uses + 1 if step == last else 1)
            if kind == "card":
                self.records[member] = replace(self.record(member), card_pair=step)
        self.grants[member, way.uses[-1][0], record.generation, way.uses[-1][1]] += 1
        del self.failures[member]
        self.refunded += self.purse.refund(member, v.first.spent_at if v.first else None, now, e)
        waiting = self.way.until is not None and self.way.passage == "in"
        self.way.unlock("in", now)
        at_once = not self.rules.has_contact or bool(self.way.open)
        self.people.let_in(member, waiting, at_once, now, e)
        self.recent = [(who, at) for who, at in self.recent if now - at < 3 * 3_600_000]
        self.recent.append((member, now))
        begin = way.step * 120
        if way.kind == "phone" and self.time.proved(begin, v.first.at if v.first else None, now):
            e.kept.add("known_past")

    # -- everything else ------------------------------------------------------------------------

    def _happen(self, event: ev.Event, now: int, e: Expected) -> bool:  # noqa: PLR0915  (a branch an event)
        """Whether the server set the known past back."""
        match event:
            case ev.KeyPressed(keypad, key):
                self._key(keypad, key, now, e)
            case ev.ContactChanged(opened):
                self._pass(self.way.moved(opened, now, e), now, e)
            case ev.ExitPressed():
                self.way.exit(now)
                at_once = not self.rules.has_contact or bool(self.way.open)
                self._pass("out" if at_once else "", now, e)
            case ev.LockMoved(at, ms):
                self.way.felt(at, ms)
            case ev.KeyHeld(_, key):
                if key == "*":
                    self._ring(now, e)
            case ev.BeamChanged():
                self._beam(event, now, e)
            case ev.MotionChanged(moving):
                self.people.motion(moving, bool(self.way.open), now, e)
            case ev.FireChanged(burning):
                news = self.way.alarm(burning, self.mode == "open", now, e)
                if news and burning and not self.people.beams:
                    self.people.sure = 0
            case ev.TamperChanged(opened):
                if opened != (("tamper", "") in self.faults):
                    e.rows.append(("tamper" if opened else "tamper-ended", None, None))
                    self.faults ^= {("tamper", "")}
            case ev.ServerTime(unix_ms):
                return self.time.told_by_server(unix_ms, now)
            case ev.SystemTime():
                self.time.told_by_system(event, self.rules.trust_system_clock, now)
            case ev.ListReceived():
                self._list(event, now, e)
            case ev.RulesReceived():
                e.rows.append(("rules", None, None))
            case ev.CommandReceived(command):
                self._command(command, now, e)
            case ev.CommandRefused(id_, error):
                self._refused(id_, error, now, e)
            case ev.Asked():
                wrong = self._error(event.verb, event.args, local=True)
                e.replies.append(wrong or self._act(event.verb, event.args, now, e))
                e.settles |= wrong is None
            case ev.StoreChanged(fault):
                if fault != self.store_fault:
                    e.rows.append(("fault-ended" if fault is None else "fault", None, "store-failed"))
                self.store_fault = fault
            case ev.KeypadChanged(keypad, fault):
                for name, alarm in NO_REPEAT.items():
                    self._fault(alarm, keypad, fault == name, e)
            case ev.FaultChanged(fault, present):
                news = self._fault(fault, "", present, e)
                e.kept |= {"known_past"} if news and present and fault == "power-failed" else set()
            case ev.Started(contact_open):
                self.way.open, self.way.opened_at = contact_open, now
                self.way.lock(now, e)
                e.rows.append(("started", None, None))
                e.kept |= {"budget", "used_steps_lost"}
            case ev.Stopping(reason):
                self.way.lock(now, e)
                self.purse.tell(e)
                e.rows.append(("stopped", None, reason))
                e.kept |= {"budget", "known_past"}
        return False

    def _pass(self, passage: str, now: int, e: Expected) -> None:
        if passage == "in":
            self.people.entered(now, e)
        elif passage == "out":
            self.people.left(now, e)
        self.people.touch(now)

    def _beam(self, edge: ev.BeamChanged, now: int, e: Expected) -> None:
        passed, odd = self.doorway.edge(edge.beam, edge.broken, edge.at, now, e, found=edge.found)
        self.people.beams = self.rules.has_beams and not self.doorway.blocked
        if odd:
            self.people.sure = min(self.people.sure, 1)
        if passed:
            self.people.crossed(passed > 0, now, e)

    def _fault(self, alarm: str, of: str, present: bool, e: Expected) -> bool:
        news = present != ((alarm, of) in self.faults)
        if news:
            e.rows.append(("fault" if present else "fault-ended", None, alarm))
            self.faults ^= {(alarm, of)}
        return news

    def _list(self, answer: ev.ListReceived, now: int, e: Expected) -> None:
        self.list_at = self.time.known_past(now) // 1000
        e.kept |= {"list_at", "known_past"}
        if (answer.revision, answer.digest) != self.list_of:
            e.rows.append(("list", None, None))
        self.list_of = (answer.revision, answer.digest)
        told = {record.member: record for record in answer.members}
        for member, ours in list(self.records.items()):
            theirs = told.get(member, AccessRecord(member) if answer.complete else ours)
            if ours.generation > theirs.generation or ours.revoked_through > theirs.revoked_through:
                e.rows.append(("revoked", member, None))
            if answer.complete and member not in told:
                self.records[member] = kept_of(ours)
        for member, theirs in told.items():
            before = self.records.get(member)
            self.records[member] = theirs if before is None else merged(before, theirs, answer.complete)

    def _refused(self, id_: str, error: str, now: int, e: Expected) -> None:
        self.purse.gather("command", error, now)
        e.replies += [error] if id_ else []

    def _command(self, command: Command, now: int, e: Expected) -> None:
        refused = self._stale(command, now)
        if refused is not None:
            self._refused(command.id, refused, now, e)
            return
        self.taken.add(command.n)
        e.kept.add("commands")
        error = self._error(command.verb, command.args, local=False)
        if error is None:
            self._act(command.verb, command.args, now, e)
        e.rows.append(("command", None, error))
        e.replies.append(error)
        e.settles = True

    def _stale(self, command: Command, now: int) -> str | None:
        safe = command.verb in SAFE or command.args.get("mode") == "lockdown" or command.verb in NO_VERBS
        if command.retained:
            return "retained"
        if command.n in self.taken or command.n < max(self.taken, default=0) - 64:
            return "replayed"
        if not self.time.trusted(now):
            return None if safe else "clock-untrusted"
        unix_ms = self.time.unix_ms(now) or 0
        return None if 0 <= command.not_after - unix_ms // 1000 <= 60 else "expired"

    @staticmethod
    def _error(verb: str, args: Mapping[str, object], *, local: bool) -> str | None:
        """The walk has one verb that is none and one argument that is never right."""
        if verb == "dance" or (verb in {"reinstate", "clock"} and not local):
            return "unknown-verb"
        return "bad-args" if "wrong" in args else None

    def _act(self, verb: str, args: Mapping[str, object], now: int, e: Expected) -> str | None:
        member = str(args.get("member", ""))
        record = self.record(member)
        match verb:
            case "unlock":
                self.way.unlock("other", now)
                e.rows.append(("unlocked", None, None))
                e.cues.append("accepted")
            case "mode":
                self._mode(str(args["mode"]), args.get("until"), now, e)
            case "revoke":
                through = args.get("through")
                reach = through if isinstance(through, int) else _top(record) + 3
                reach = max(record.revoked_through, min(reach, MAX_GENERATION))
                self.records[member] = replace(record, revoked_through=reach)
                e.rows.append(("revoked", member, None))
            case "reinstate":
                if record.generation > record.revoked_through and record.suspended_until is None:
                    return "failed"
                self.records[member] = replace(record, generation=_top(record) + 1, suspended_until=None)
                e.rows.append(("reinstated", member, None))
            case "forget":
                if member in self.records:
                    self.records[member] = kept_of(record)
                e.rows.append(("forgotten", member, None))
            case "count":
                self.people.put(int(str(args["count"])), now, e)
            case "clock":
                self.time.vouched(int(str(args["unix"])), now)
            case "identify":
                e.cues.append("identify")
        return None

    def _mode(self, mode: str, until: object, now: int, e: Expected) -> None:
        self.mode, self.until = mode, until if isinstance(until, int) else None
        self.ends = None if self.until is None else self._end_of(self.until, now)
        e.rows.append(("mode", None, None))
        e.kept.add("mode")
        if mode == "open":
            self.ends = min(now + DAY_MS, now + DAY_MS if self.ends is None else self.ends)
            unix_ms = self.time.unix_ms(now)
            self.until = None if unix_ms is None else unix_ms // 1000 + (self.ends - now) // 1000
            self.way.set_free(e)
        elif mode == "lockdown":
            self.way.shut(now, e)
        else:
            self.until = self.ends = None
            if self.way.free:
                self.way.shut(now, e)

    def _end_of(self, until: int, now: int) -> int | None:
        unix_ms = self.time.unix_ms(now)
        return None if unix_ms is None else now + max(0, until - unix_ms // 1000) * 1000


def _top(record: AccessRecord) -> int:
    return max(record.generation, record.revoked_through)


def kept_of(record: AccessRecord) -> AccessRecord:
    """What is never forgotten of a number."""
    return AccessRecord(
        record.member, record.kind, record.generation, record.revoked_through, record.card_pair
    )


def merged(ours: AccessRecord, theirs: AccessRecord, complete: bool) -> AccessRecord:
    """Three fields by maximum, the kind with its generation, all else from whoever is newer."""
    newer, older = (theirs, ours) if complete or theirs.revision >= ours.revision else (ours, theirs)
    return replace(
        newer,
        kind=newer.kind if newer.generation >= older.generation else older.kind,
        generation=max(ours.generation, theirs.generation),
        revoked_through=max(ours.revoked_through, theirs.revoked_through),
        card_pair=max(ours.card_pair, theirs.card_pair),
    )
