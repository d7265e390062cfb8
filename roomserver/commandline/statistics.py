"""The administrator's command about the use of the room: a page or a table of weeks, as a file."""

from __future__ import annotations

from argparse import Namespace
from datetime import datetime, timedelta
from pathlib import Path

from roomserver.commandline.desk import which_door
from roomserver.commandline.show import say
from roomserver.place import Opened, now
from roomserver.room import hourly, usage
from roomserver.wire import doors


def report(opened: Opened, args: Namespace) -> None:
    """The use of the room in a week."""
    from roomserver.pages import look, weeks
    from roomserver.pages.words import Language

    codes = opened.place.settings.codes.codes()
    last_whole = usage.monday(datetime.fromtimestamp(now(), codes.time_zone).date()) - timedelta(days=7)
    first = args.week or last_whole - timedelta(days=7 * (args.weeks - 1))
    with opened.database.write() as session:
        name = which_door(doors.listed(session), args.door).name
        hourly.fill(session, now())
    found, spoken = weeks.read(opened, name, first, args.weeks, now()), Language(args.lang)
    file = args.out or Path(f"report-{usage.week_name(first)}.{'csv' if args.csv else 'html'}")
    if args.csv:
        file.write_text(
            usage.as_csv(found.use), "utf-8-sig", newline=""
        )  # with the mark spreadsheets look for
    else:
        file.write_text(
            look.by_itself(spoken, "report.html", codes.room, **weeks.shown(found, spoken)), "utf-8"
        )
    say(f"{file} is written: counts alone, so it may be passed on.")
