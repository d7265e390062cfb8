"""The administrator's commands about paper: each writes one page as a file, to be opened and printed."""

from __future__ import annotations

import os
from argparse import Namespace
from pathlib import Path

from roomserver.commandline.desk import which_door
from roomserver.commandline.show import say
from roomserver.committee import acts
from roomserver.committee.acts import Did
from roomserver.paper import drawn, issuing, wall
from roomserver.place import Opened, now
from roomserver.residents.issue import SHEET_DAYS
from roomserver.wire import doors


def paper_codes(opened: Opened, args: Namespace) -> None:
    """A sheet, a card or an authenticator's QR code of a member."""
    with opened.database.write() as session:
        door = which_door(doors.listed(session), args.door)
        days = getattr(args, "days", SHEET_DAYS)
        found = issuing.draw(session, opened, door, args.number, args.paper, now(), days)
        acts.note(session, None, Did(f"printed-{args.paper}"), now(), member=found.member)
    _write(args.out or Path(f"{args.paper}-{args.number}.html"), drawn.page(opened.place, found, now()))


def paper_notice(opened: Opened, args: Namespace) -> None:
    """The notice for the door."""
    _write(args.out or Path("notice.html"), wall.notice(opened, now()))


def paper_handover(opened: Opened, args: Namespace) -> None:
    """The page for a successor."""
    _write(args.out or Path("handover.html"), wall.handover(opened, now()))


def _write(file: Path, page: str) -> None:
    """For its owner's eyes: codes may be in it."""
    file.unlink(missing_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
        out.write(page)
    say(f"{file} is written. Open it in a browser and print it on A4, at 100 %; then delete it.")
