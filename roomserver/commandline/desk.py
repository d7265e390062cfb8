"""The administrator's commands, one function each; all say what is now true and what to do next."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import replace
from pathlib import Path

from sqlalchemy import select

from contract.access import AccessRecord
from contract.codes import Kind
from contract.sample import sample
from roomserver.commandline import show
from roomserver.commandline.show import say, say_json
from roomserver.committee import acts
from roomserver.committee.acts import Did
from roomserver.errors import RoomserverError
from roomserver.notify import desk as notify_desk
from roomserver.place import DATABASE_FILE, Opened, load, now
from roomserver.residents import issue, members, reasons
from roomserver.settings import Settings
from roomserver.storage.database import Database
from roomserver.storage.schema import AuditRow, Door, Log
from roomserver.storage.vault import make_key_file
from roomserver.wire import doors, mosquitto, state
from roomserver.wire.alarms import open_alarms

# What leaves the shell on paper is on record; a phone's codes end by themselves within the hour.
PRINTED = {
    Kind.PAPER: Did.PRINTED_SHEET,
    Kind.CARD: Did.PRINTED_CARD,
    Kind.STAFF: Did.PRINTED_AUTHENTICATOR,
}


class DeskError(RoomserverError, ValueError):
    """The command cannot be carried out; ``str(error)`` says why and what to do."""


def init(args: Namespace) -> None:
    """A new place: settings, key file, database, and Mosquitto's files. What exists is left as it is."""
    if args.mosquitto is not None:
        _set_up_mosquitto(args)
    if args.config.exists():
        say(f"{args.config} is there already and stays as it is.")
    else:
        args.config.touch(0o600)  # it may come to have the broker's password in it
        args.config.write_text(sample(_first_settings(args)), "utf-8")
        say(f"{args.config} is written; every key in it is explained.")
    place = load(args.config)
    if place.key_file.exists():
        say(f"{place.key_file} is there already and stays as it is.")
    else:
        make_key_file(place.key_file)
        say(f"{place.key_file} is written. The database is of no use without it: back both up, apart.")
    if not place.settings.database:
        (place.folder / DATABASE_FILE).touch(0o600)
    database = Database(place.database_url)
    database.create()
    database.close()
    say("The database is ready. Next: roomserver serve, and in another terminal: roomserver door add NAME")


def _set_up_mosquitto(args: Namespace) -> None:
    folder = args.config.absolute().parent / mosquitto.FOLDER
    if args.config.exists() or folder.exists():
        there = folder if folder.exists() else args.config
        raise DeskError(f"{there} is there already. --mosquitto is for a new server; see docs/operations.md.")
    port = args.mqtt_port or mosquitto.PORT
    mosquitto.set_up(folder, Settings().mqtt.username, args.mosquitto, port, now())
    say(f"{folder} is written: Mosquitto's settings, certificate, passwords, rights. It is to read them:")
    say(f"\n  sudo usermod -aG {folder.group()} mosquitto")
    say(f"  sudo ln -s {folder}/studyroom.conf /etc/mosquitto/conf.d/ && sudo systemctl restart mosquitto\n")
    say(f"Doors trust it by {folder}/ca.pem: copy it to each, and set mqtt.ca in its config.toml.")


def serve(opened: Opened, _args: Namespace) -> None:
    """Run until told to stop."""
    from roomserver import app

    app.serve(opened)


def door_add(opened: Opened, args: Namespace) -> None:
    """A one-time token, for a new door or a new machine at an old one."""
    doors.check_name(args.name)
    if args.name == opened.place.settings.mqtt.username:
        raise DeskError(f"{args.name} is this server's own user at the broker. Name the door otherwise.")
    with opened.database.write() as session:
        known = doors.find(session, args.name) is not None
        others = [door.name for door in doors.listed(session) if door.name != args.name]
        if opened.place.settings.mqtt.broker == "embedded" and others and not known:
            raise DeskError(
                f"The embedded broker has no topic rights, so it serves one door, and that is {others[0]}. "
                'For more doors run Mosquitto and set mqtt.broker = "external" in roomserver.toml.'
            )
        token = doors.add(session, opened.vault, args.name, now())
    _write_users(opened)
    if args.json:
        return say_json({"door": args.name, "token": token, "hours": doors.TOKEN_SECONDS // 3600})
    say(f"Door {args.name} {'may enrol again; it keeps its key' if known else 'is added'}.")
    say(f"Within {doors.TOKEN_SECONDS // 3600} hours enrol its Raspberry Pi with this token, good once:")
    say(f"\n  {token}\n")
    if opened.place.settings.mqtt.broker == "external":
        _tell_broker(opened)
    return None


def door_rekey(opened: Opened, args: Namespace) -> None:
    """A new key for a door: everything drawn for it before is dead."""
    with opened.database.write() as session:
        token = doors.rekey(session, opened.vault, args.name, now())
        dead = [record for record in members.listed(session) if record.kind != Kind.PHONE]
    _write_users(opened)
    say(f"Door {args.name} has a new key; its Raspberry Pi is shut out until it enrols with this token:")
    say(f"\n  {token}\n")
    for kind, what in ((Kind.STAFF, "authenticators"), (Kind.PAPER, "sheets")):
        numbers = " ".join(record.member for record in dead if record.kind == kind)
        say(f"Dead are the {what} of: {numbers or 'nobody'}")
    say("Dead are all wallet cards of this door. Draw what is needed again: roomserver code NUMBER")
    if opened.place.settings.mqtt.broker == "external":
        _tell_broker(opened)


def door_list(opened: Opened, args: Namespace) -> None:
    """The doors, and which revision of the list they hold."""
    with opened.database.read() as session:
        found, revision = doors.listed(session), members.revision(session)
    if args.json:
        return say_json([show.door_json(door) for door in found])
    if not found:
        return say("There is no door yet. Add one: roomserver door add NAME")
    return say(show.doors_text(found, revision, opened.place.settings.codes.codes().time_zone))


def door_mosquitto(opened: Opened, _args: Namespace) -> None:
    """The doors' users for a Mosquitto that was set up by hand, hashed as it wants them."""
    _write_users(opened)
    with opened.database.read() as session:
        users = doors.passwords(session, opened.vault)
    for name, password in users.items():
        say(mosquitto.password_line(name, password))


def _write_users(opened: Opened) -> None:
    """Into the files of ``init --mosquitto``, where there are any."""
    folder, mqtt = opened.place.path(Path(mosquitto.FOLDER)), opened.place.settings.mqtt
    if mqtt.broker == "external" and folder.exists():
        with opened.database.read() as session:
            users = doors.passwords(session, opened.vault)
        mosquitto.write_users(folder, mqtt.username, opened.place.mqtt_password, users)


def _tell_broker(opened: Opened) -> None:
    if opened.place.path(Path(mosquitto.FOLDER)).exists():
        say("Mosquitto is to read its users again first: sudo systemctl reload mosquitto")
    else:
        say("The broker must know the door's password first: roomserver door mosquitto")


def member_add(opened: Opened, args: Namespace) -> None:
    """A new member of a kind."""
    with opened.database.write() as session:
        form = opened.place.settings.codes.codes()
        record = members.add(session, args.kind, form, now(), args.number)
    _said(
        args,
        record,
        f"Member {record.member} is added ({record.kind}). Codes: roomserver code {record.member}",
    )


def member_list(opened: Opened, args: Namespace) -> None:
    """Every member."""
    with opened.database.read() as session:
        records = members.listed(session)
    if args.json:
        return say_json([record.as_json() for record in records])
    if not records:
        return say("There is no member yet. Add one: roomserver member add")
    return say(show.members_text(records, now()))


def member_revoke(opened: Opened, args: Namespace) -> None:
    """No more codes, no more entry."""
    with opened.database.write() as session:
        record = members.revoke(session, args.number, now())
        if args.reason is not None:
            reasons.give(session, opened.vault, args.number, args.reason, now())
    text = (
        f"Member {record.member} is revoked and draws no more codes. A linked door refuses him in seconds "
        "(see: roomserver door list); at a door without one, phone codes already drawn end within 31 minutes."
    )
    _said(args, record, text)


def member_reinstate(opened: Opened, args: Namespace) -> None:
    """In again, with new codes."""
    with opened.database.write() as session:
        record = members.reinstate(session, args.number, now())
    _said(
        args,
        record,
        f"Member {record.member} may enter again, with new codes: roomserver code {record.member}",
    )


def member_reissue(opened: Opened, args: Namespace) -> None:
    """New codes; the old ones stop."""
    with opened.database.write() as session:
        record = members.reissue(session, args.number, now())
    text = (
        f"Member {record.member} has new codes: roomserver code {record.member}. The old ones stop when the "
        "door hears of it, or when he types a new one and its second code. His phone stays signed in; if it "
        f"is lost: roomserver member lost-phone {record.member}"
    )
    _said(args, record, text)


def code(opened: Opened, args: Namespace) -> None:
    """Draw codes."""
    form = opened.place.settings.codes.codes()
    with opened.database.write() as session:
        door = which_door(doors.listed(session), args.door)
        record = members.present(session, args.number)
        key, name = opened.vault.open(door.key), door.name
        drawn = issue.draw(key, name, record, form, now(), card=args.card, days=args.days)
        if drawn.kind in PRINTED:
            acts.note(session, None, PRINTED[drawn.kind], now(), member=drawn.member)
    if args.json:
        return say_json(show.drawn_json(drawn, name))
    return say(show.drawn_text(drawn, name, form))


def rows(opened: Opened, args: Namespace) -> None:
    """Stored rows, newest last."""
    query = select(Door.name, Log.name, AuditRow).join(Log, Log.door_id == Door.id).join(AuditRow)
    query = query.order_by(AuditRow.received_at.desc(), Log.id.desc(), AuditRow.seq.desc())
    query = query.where(Door.name == args.door) if args.door else query
    with opened.database.read() as session:
        if args.door:
            doors.get(session, args.door)
        found = [
            (d, log, row) for d, log, row in session.execute(query.limit(args.limit) if args.limit else query)
        ]
    found.reverse()
    if args.json:
        return say_json([show.row_json(*one) for one in found])
    if not found:
        return say("No row has arrived yet. A door sends them once it has enrolled.")
    return say(show.rows_text(found, opened.place.settings.codes.codes().time_zone))


def status(opened: Opened, args: Namespace) -> None:
    """What the doors told last, and what the server noticed."""
    with opened.database.read() as session:
        told, alarms = state.latest(session), open_alarms(session)
        unsent = notify_desk.failing(session, opened)
    if args.json:
        heard = {
            door: {t: {"value": v.value, "at": v.at} for t, v in topics.items()}
            for door, topics in told.items()
        }
        return say_json(
            {"doors": heard, "alarms": [show.alarm_json(alarm) for alarm in alarms], "notify": unsent}
        )
    if not told:
        return say("There is no door yet. Add one: roomserver door add NAME")
    say(show.status_text(told, alarms, now()))
    for one in unsent:
        say(f"notify {one['name']}: {one['waiting']} not sent: {one['error']}")
    return None


def _first_settings(args: Namespace) -> Settings:
    settings = Settings()
    http, mqtt = settings.http, settings.mqtt
    http = replace(http, port=args.http_port or http.port)
    if args.mosquitto is not None:
        folder = Path(mosquitto.FOLDER)
        mqtt = replace(mqtt, broker="external", host=args.mosquitto, port=mosquitto.PORT, tls=True)
        mqtt = replace(mqtt, ca_file=folder / "ca.pem", password_file=folder / "server-password")
    mqtt = replace(mqtt, port=args.mqtt_port or mqtt.port)
    return replace(settings, http=http, mqtt=mqtt)


def which_door(found: list[Door], name: str | None) -> Door:
    """The door of that name, or the only one there is; ``DeskError`` says which there are."""
    chosen = [door for door in found if name is None or door.name == name]
    match chosen:
        case [door]:
            return door
        case [] if name is None:
            raise DeskError("There is no door yet. Add one: roomserver door add NAME")
        case []:
            raise DeskError(f"There is no door {name}. See: roomserver door list")
    raise DeskError(f"Codes differ from door to door. Say which: --door {chosen[0].name}")


def _said(args: Namespace, record: AccessRecord, text: str) -> None:
    if args.json:
        say_json(record.as_json())
    else:
        say(text)
