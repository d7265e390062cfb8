"""The administrator's commands about people: applications, links, forgetting, and the sealing key."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from datetime import datetime, tzinfo

from roomserver.commandline import qr, show
from roomserver.commandline.desk import DeskError
from roomserver.commandline.show import say, say_json
from roomserver.committee import acts
from roomserver.committee.acts import Did
from roomserver.place import Opened, now
from roomserver.residents import joining, members, once, persons, reasons
from roomserver.residents.once import LIFE_SECONDS, Purpose
from roomserver.storage.register import Person
from roomserver.upkeep import sealing

_BACK_UP = "Back it up now; older backups of the database need the key file of their day."
_LINK_HOURS = LIFE_SECONDS[Purpose.LINK] // 3600


def application_list(opened: Opened, args: Namespace) -> None:
    """Who waits to become a member."""
    with opened.database.read() as session:
        found = joining.waiting(session, opened)
    if args.json:
        return say_json([{**asdict(one), "who": asdict(one.who)} for one in found])
    if not found:
        return say("No application is waiting.")
    zone = opened.place.settings.codes.codes().time_zone
    return say(show.applications_text(found, zone))


def application_approve(opened: Opened, args: Namespace) -> None:
    """The paper was seen."""
    with opened.database.write() as session:
        record = joining.approve(session, opened, args.id, args.kind, now())
    if args.json:
        return say_json(record.as_json())
    return say(
        f"Application {args.id} is approved: member {record.member} ({record.kind}). The phone that "
        f"applied is signed in; for another one: roomserver member link {record.member}"
    )


def application_decline(opened: Opened, args: Namespace) -> None:
    """Not taken in."""
    with opened.database.write() as session:
        joining.decline(session, args.id, now())
    say(
        f"Application {args.id} is declined; name and phone are deleted. The applicant reads so on his phone."
    )


def member_who(opened: Opened, args: Namespace) -> None:
    """Who a number is."""
    with opened.database.read() as session:
        members.get(session, args.number)
        who, person = persons.read(session, opened.vault, args.number), session.get(Person, args.number)
        reason = reasons.read(session, opened.vault, args.number)
    if who is None or person is None:
        raise DeskError(f"Nobody is registered under {args.number}: only the number is known.")
    if args.json:
        told = {"member": args.number, "name": who.name, "phone": who.phone, "joined_at": person.joined_at}
        return say_json({**told, "checked_by": person.provider, "reason": reason})
    zone = opened.place.settings.codes.codes().time_zone
    joined = show.moment(person.joined_at, zone)
    say(f"{args.number}: {who.name}, {who.phone}, since {joined}, checked by {person.provider}.")
    return say(f"Suspended or revoked, because: {reason}") if reason else None


def member_suspend(opened: Opened, args: Namespace) -> None:
    """Neither codes nor entry for a while."""
    zone = opened.place.settings.codes.codes().time_zone
    with opened.database.write() as session:
        record = members.suspend(session, args.number, _moment(args.until, zone), now())
        if args.reason is not None:
            reasons.give(session, opened.vault, args.number, args.reason, now())
    if args.json:
        return say_json(record.as_json())
    return say(
        f"Member {record.member} is suspended until {show.moment(record.suspended_until, zone)} and reads "
        "so on his page. A linked door refuses him in seconds (see: roomserver door list); at a door without "
        "one, phone codes already drawn end within 31 minutes."
    )


def member_lift(opened: Opened, args: Namespace) -> None:
    """A suspension ends now."""
    with opened.database.write() as session:
        record = members.lift(session, args.number, now())
    if args.json:
        return say_json(record.as_json())
    return say(f"Member {record.member} may enter again, with the codes from before.")


def _moment(text: str, zone: tzinfo) -> int:
    """A date, or date and time, of the room's clock as Unix s."""
    try:
        local = datetime.fromisoformat(text)
    except ValueError:
        local = None
    if local is None or local.tzinfo is not None:
        raise DeskError(
            f"{text[:20]!r} is no time of the room's clock. Write 2026-11-28, or '2026-11-28 09:00'"
        )
    return int(local.replace(tzinfo=zone).timestamp())


def member_link(opened: Opened, args: Namespace) -> None:
    """A link that signs a member in once, to be sent or shown as a QR code."""
    with opened.database.write() as session:
        members.present(session, args.number)
        once.drop(session, Purpose.LINK, args.number)
        token = once.make(session, Purpose.LINK, now(), member=args.number)
    url = f"{opened.place.origin}/in/{token}"
    if args.svg is not None:
        args.svg.write_text(qr.svg(url), "utf-8")
    if args.json:
        return say_json({"member": args.number, "url": url, "hours": _LINK_HOURS})
    say(f"This link signs member {args.number} in, once, within {_LINK_HOURS} hours; an older one is dead:")
    say(f"\n  {url}\n")
    return say(f"As a QR code: {args.svg}" if args.svg is not None else qr.terminal(url))


def member_lost_phone(opened: Opened, args: Namespace) -> None:
    """Whoever found the phone has nothing."""
    with opened.database.write() as session:
        record = persons.lose_phone(session, args.number, now())
        acts.note(session, None, Did.PHONE_LOST, now(), member=record.member)
    if args.json:
        return say_json(record.as_json())
    return say(
        f"Member {record.member} is signed out everywhere, passkeys, WeChat and unused links are dropped; "
        "the old codes stop when the door hears of it (see: roomserver door list). When he has a phone: "
        f"roomserver member {'reinstate' if record.revoked else 'link'} {record.member}"
    )


def member_forget(opened: Opened, args: Namespace) -> None:
    """Delete who a number is."""
    if not args.yes:
        raise DeskError(
            f"Forgetting member {args.number} deletes name, phone, sign-ins and codes, and cannot be undone. "
            f"If that is meant: roomserver member forget {args.number} --yes"
        )
    with opened.database.write() as session:
        members.get(session, args.number)
        persons.forget(session, args.number, now())
    say(
        f"Member {args.number} is forgotten: nobody can tell who that was. Rows keep the bare number until "
        "their retention ends. Doors with a link drop their record in seconds."
    )


def rotate_key(opened: Opened, args: Namespace) -> None:
    """A new sealing key, all at once or a step of it."""
    file = opened.place.key_file
    match args.step:
        case "add":
            sealing.add(opened)
            return say(
                f"A new key is in {file}, and does not seal yet. Copy the file to every server, then type "
                "here: roomserver rotate-key --seal"
            )
        case "seal":
            count = sealing.seal(opened)
            return say(
                f"{count} values are sealed with the new key. Copy {file} to every server again, then type "
                "here: roomserver rotate-key --drop"
            )
        case "drop":
            sealing.drop(opened)
            return say(f"The old key is gone from {file}. Copy it to every server once more. {_BACK_UP}")
        case None if opened.database.engine.dialect.name != "sqlite":
            raise DeskError(
                "Another server may share this database, and must have a new key before anything is sealed "
                "with it. Begin with: roomserver rotate-key --add (or, if there is none: --only-server)"
            )
    count = sealing.rotate(opened)
    return say(f"{count} values are sealed with a new key in {file}. {_BACK_UP}")
