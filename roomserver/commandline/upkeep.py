"""The administrator's commands about all that is stored: backup, restore, and everything of one member."""

from __future__ import annotations

from argparse import Namespace

from roomserver.bell import ring
from roomserver.commandline.desk import DeskError
from roomserver.commandline.show import say, say_json
from roomserver.place import Opened
from roomserver.residents import persons
from roomserver.upkeep import backup


def back_up(opened: Opened, args: Namespace) -> None:
    """Everything into one file, while the server runs."""
    lines = backup.back_up(opened.database, args.file)
    say(
        f"{args.file} has the database as it is now, {lines} lines. It is of no use without "
        f"{opened.place.key_file}: keep both, apart."
    )


def restore(opened: Opened, args: Namespace) -> None:
    """A backup into an empty database."""
    if ring(opened.place.bell):
        raise DeskError("The server is running. Stop it first, then restore.")
    lines = backup.restore(opened.database, opened.vault, args.file)
    say(f"{lines} lines are restored. Next: roomserver serve")
    say(
        "The doors then send again what the backup lacks: rows, revocations, new generations. By hand remain "
        "what only the server knew since the backup: suspensions, who joined (add them again), and who was "
        "forgotten (forget them again)."
    )
    say(
        "Nobody of the committee is signed in, and links and enrolment tokens are void: make new ones. "
        "Accounts that were disabled or reset since the backup are as they were before: look at roomserver "
        "account list, and do it again. Members are signed in again where they have signed out since."
    )


def member_export(opened: Opened, args: Namespace) -> None:
    """All that is stored about a member, as JSON, for himself."""
    with opened.database.read() as session:
        say_json(persons.export(session, opened.vault, args.number))
