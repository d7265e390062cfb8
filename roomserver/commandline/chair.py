"""The administrator's commands about the committee's accounts."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from sqlalchemy.orm import Session

from roomserver.commandline import qr, show
from roomserver.commandline.show import say, say_json
from roomserver.committee import accounts, acts
from roomserver.committee.acts import Did
from roomserver.committee.office import Account
from roomserver.place import Opened, now
from roomserver.residents.once import LIFE_SECONDS, Purpose

_LINK_HOURS = LIFE_SECONDS[Purpose.ACCOUNT_LINK] // 3600


def account_add(opened: Opened, args: Namespace) -> None:
    """Somebody new."""
    with opened.database.write() as session:
        account, token = accounts.add(session, args.name, args.role, now())
        acts.note(session, None, Did.ACCOUNT_ADDED, now(), account=account.name, role=account.role)
        name = account.name
    _told(opened, args, name, token, f"Account {name} is added ({args.role}).")


def account_list(opened: Opened, args: Namespace) -> None:
    """Who may sign in."""
    with opened.database.read() as session:
        found = [_json(session, account) for account in accounts.listed(session)]
    if args.json:
        return say_json(found)
    if not found:
        return say("There is no account yet. Add one: roomserver account add NAME --role admin")
    zone = opened.place.settings.codes.codes().time_zone
    lines = [(a["name"], a["role"], a["ways_in"], show.moment(a["seen_at"], zone)) for a in found]
    return say(show.table(("account", "role", "signs in by", "last signed in"), lines))


def account_reset(opened: Opened, args: Namespace) -> None:
    """New ways in for one who lost his."""
    with opened.database.write() as session:
        token = accounts.reset(session, args.name, now())
        name = accounts.plain(args.name)
        acts.note(session, None, Did.ACCOUNT_RESET, now(), account=name)
    _told(opened, args, name, token, f"Account {name} is signed out everywhere; its ways in are gone.")


def account_disable(opened: Opened, args: Namespace) -> None:
    """Not of the committee any more."""
    with opened.database.write() as session:
        accounts.disable(session, args.name, now())
        acts.note(session, None, Did.ACCOUNT_DISABLED, now(), account=accounts.plain(args.name))
    say(
        f"Account {accounts.plain(args.name)} is disabled and signed out everywhere. "
        "To bring it back: roomserver account reset NAME"
    )


def account_role(opened: Opened, args: Namespace) -> None:
    """Another role."""
    name = accounts.plain(args.name)
    with opened.database.write() as session:
        accounts.set_role(session, name, args.role)
        acts.note(session, None, Did.ACCOUNT_ROLE, now(), account=name, role=args.role)
    say(f"The role of {name} is {args.role} now. It is signed out everywhere, and signs in as before.")


def _told(opened: Opened, args: Namespace, name: str, token: str, text: str) -> None:
    url = f"{opened.place.origin}/committee/in/{token}"
    if args.json:
        return say_json({"account": name, "url": url, "hours": _LINK_HOURS})
    say(f"{text} With this link its owner sets up how to sign in, once, within {_LINK_HOURS} hours:")
    return say(f"\n  {url}\n\n{qr.terminal(url)}")


def _json(session: Session, account: Account) -> dict[str, Any]:
    ways = [] if account.password is None else ["password and code"]
    ways += ["passkey"] if accounts.has_passkey(session, account) else []
    if account.disabled_at is not None:
        ways = ["disabled"]
    return {
        "name": account.name,
        "role": account.role,
        "ways_in": ", ".join(ways) or "link not used yet",
        "made_at": account.made_at,
        "seen_at": account.seen_at,
        "disabled_at": account.disabled_at,
    }
