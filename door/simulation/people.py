"""The people of a story and what they type: codes from their phone, sheet, app or card, or wrong ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from contract.access import AccessRecord
from contract.codes import Codes, Issued, Kind, derive, issue, kdf, otp
from door.rules import Rules
from door.simulation.office import Office
from door.simulation.phrases import Code, Shape

FAR_DIGITS = 3  # a wrong code differs in so many places from all that are near
AROUND_SECONDS = 3600
STRANGERS = ("a stranger", "a vandal", "a passer-by", "somebody", "a neighbour")


class CannotError(Exception):
    """Nobody could do this: the phone shows no code, there is no sheet. ``str(error)`` says why."""


@dataclass(slots=True)
class Person:
    """Somebody at the door; ``number`` None is no member. ``ahead`` is how fast his own clock is (s)."""

    name: str
    number: str | None = None
    ahead: int = 0
    typed: str = field(default="", repr=False)
    second: str = field(default="", repr=False)


class Cast:
    """Everybody in a story, and the pockets from which they take their codes."""

    def __init__(self, rules: Rules, office: Office) -> None:
        self._rules, self._office = rules, office
        self.people = {name: Person(name) for name in STRANGERS}
        self._wrong = 0

    def join(self, name: str, number: str | None) -> Person:
        """One more."""
        self.people[name] = Person(name, number)
        return self.people[name]

    def digits(self, who: Person, code: Code, now: int) -> list[str]:
        """What ``who`` types at Unix second ``now``, one attempt or two; ``CannotError`` when he cannot."""
        owner = self.people[code.owner] if code.owner else who
        match code.shape:
            case Shape.AGAIN:
                first = self._again(who)
            case Shape.SECOND:
                return [self._second(who)]
            case Shape.WRONG:
                first = self._wrong_code(owner, now)
            case Shape.HALF:
                first = self._wrong_code(owner, now)[: self._rules.codes.length // 2]
            case Shape.NEAR:
                first = self._near(owner, code, now)
            case _:
                issued = self._issued(owner, code, now)
                first, who.second = issued.digits, issued.second
        who.typed = first
        return [first, self._second(who)] if code.second else [first]

    def _again(self, who: Person) -> str:
        if not who.typed:
            raise CannotError(f"{who.name} has typed nothing yet")
        return who.typed

    def _second(self, who: Person) -> str:
        if not who.second:
            raise CannotError(f"{who.name} has looked at no code yet, so there is no second one")
        return who.second + "#"

    def _issued(self, owner: Person, code: Code, now: int) -> Issued:
        number = _number(owner)
        said = code.when.at(now, self._rules.codes.time_zone)
        record = self._record(owner, code, now if code.printed else min(now, said))
        if code.shape is Shape.PAIR:
            if code.pair < 1:
                raise CannotError("pairs of a card count from 1")
            return self._issue(Kind.CARD, record, code.pair)
        codes = self._rules.codes
        step = codes.step(record.kind, said + owner.ahead)
        if record.kind is Kind.PHONE and not code.old:
            step = min(step, codes.step(Kind.PHONE, now + codes.bundle_seconds))
        self._on_the_page(record, codes.begin(record.kind, step), number)
        return self._issue(record.kind, record, step)

    def _record(self, owner: Person, code: Code, seen: int) -> AccessRecord:
        number = _number(owner)
        if not code.old:
            return self._office.record_at(number, seen)
        before = self._office.before_reissue(number)
        if before is None:
            raise CannotError(f"{owner.name} was given nothing new, so there is no old code")
        return before

    def _on_the_page(self, record: AccessRecord, begin: int, number: str) -> None:
        """A phone draws no more codes once the server is dead or the generation is; half an hour stays."""
        until = self._office.drawn_until(record)
        if (
            record.kind is Kind.PHONE
            and until is not None
            and begin > until + self._rules.codes.bundle_seconds
        ):
            raise CannotError(
                f"the phone of {number} shows no code: it could draw none for more than half an hour"
            )

    def _issue(self, kind: Kind, record: AccessRecord, step: int) -> Issued:
        rules = self._rules
        return issue(rules.door_key, rules.door, kind, record.member, record.generation, step, rules.codes)

    def _near(self, owner: Person, code: Code, now: int) -> str:
        """The code with its last digit one off."""
        right = self._issued(owner, replace(code, shape=Shape.CODE), now).digits
        return right[:-1] + str((int(right[-1]) + 1) % 10)

    def _wrong_code(self, owner: Person, now: int) -> str:
        """A code far from every right one around now; each is another."""
        codes = self._rules.codes
        number = owner.number or self._nobody(codes)
        right = self._around(number, now) if owner.number else []
        while True:
            self._wrong += 1
            raw = int.from_bytes(kdf(self._rules.door_key, f"wrong/{self._wrong}", 8), "big")
            guess = f"{raw % 10**codes.digits:0{codes.digits}d}"
            if all(sum(a != b for a, b in zip(guess, r, strict=True)) >= FAR_DIGITS for r in right):
                return number + guess

    def _nobody(self, codes: Codes) -> str:
        taken = {person.number for person in self.people.values()}
        numbers = (f"{n:0{codes.member_digits}d}" for n in range(10**codes.member_digits - 1, 0, -1))
        return next(number for number in numbers if number not in taken)

    def _around(self, number: str, now: int) -> list[str]:
        rules, record = self._rules, self._office.record(number)
        first = rules.codes.step(record.kind, now - AROUND_SECONDS)
        last = rules.codes.step(record.kind, now + AROUND_SECONDS)
        secret = derive(rules.door_key, rules.door, record.kind, number, record.generation)
        return [otp(secret, step, rules.codes.digits) for step in range(first, last + 1)]


def _number(owner: Person) -> str:
    if owner.number is None:
        raise CannotError(f"{owner.name} is no member and has no code; write whose code it is")
    return owner.number
