"""A way is claimed in the database before anything is sent by it: of several server processes one sends."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import tzinfo

from sqlalchemy import Exists, Select, exists, func, select
from sqlalchemy.orm import Session

from roomserver.notify.message import NotSentError
from roomserver.notify.noted import Delivery, Notification, WayState
from roomserver.notify.plan import Pending, Plan, Same, plan
from roomserver.notify.settings import Way, over
from roomserver.storage.schema import Door

PAUSE_SECONDS = 5  # between two messages of a way: well below the 20 a minute that robots take
FIRST_RETRY_SECONDS, LAST_RETRY_SECONDS = 15, 3600
CLAIM_SECONDS = 60  # beyond the time of the settings, which a slow mail server may take several times
GIVEN_UP_SECONDS = 3 * 86_400
MOST_AT_ONCE = 1000


def begin(session: Session, way: Way, now: int) -> None:
    """Be ready to tell by ``way`` what happens from ``now`` on; one that is known already stays as it is."""
    _locked(session, way.name, now)


def claim(session: Session, way: Way, zone: tzinfo, now: int) -> Plan:
    """What to send by ``way`` now; if anything, the way is the caller's until he tells how it went."""
    state = _locked(session, way.name, now)
    free_at = max(state.claimed_until, state.retry_at, (state.sent_at or 0) + PAUSE_SECONDS)
    waiting = _waiting(session, way, state, now)
    found = plan(way, waiting, _told_at(session, way, now), zone, now)
    if free_at > now and found.ids:
        return Plan(next_at=free_at)
    if found.ids:
        state.claimed_until = now + 6 * way.timeout_seconds + CLAIM_SECONDS
    return found


def sent(session: Session, name: str, ids: Iterable[int], now: int) -> bool:
    """They were sent; whether the way had failed before.

    The claim may have run out meanwhile, and another process be done with them already.
    """
    state = _locked(session, name, now)
    fresh = session.scalars(select(Notification.id).where(Notification.id.in_(ids), ~_done(name))).all()
    session.add_all([Delivery(notification_id=id_, way=name, at=now, sent=True) for id_ in fresh])
    failed = state.failures > 0
    state.claimed_until = state.retry_at = state.failures = 0
    state.failing_since = state.error = None
    state.sent_at = now
    return failed


def failed(session: Session, name: str, error: NotSentError, now: int) -> bool:
    """They were not: again after a while that doubles; whether that is news (another reason than before)."""
    state = _locked(session, name, now)
    wait = FIRST_RETRY_SECONDS * 2 ** min(state.failures, 20)
    wait = LAST_RETRY_SECONDS if error.lasting else min(max(wait, error.after), LAST_RETRY_SECONDS)
    news = state.error != str(error)
    state.claimed_until, state.retry_at = 0, now + wait
    state.failures += 1
    state.failing_since = state.failing_since or now
    state.error = str(error)
    return news


def give_up(session: Session, way: Way, now: int) -> int:
    """Notifications that could not be sent for ``GIVEN_UP_SECONDS`` are news no more; how many."""
    state = _locked(session, way.name, now)
    query = _open(way, state).where(Notification.made_at <= now - GIVEN_UP_SECONDS)
    old = list(session.scalars(query.with_only_columns(Notification.id)))
    session.add_all([Delivery(notification_id=id_, way=way.name, at=now, sent=False) for id_ in old])
    return len(old)


def waiting_count(session: Session, way: Way) -> int:
    """How many notifications wait for ``way``."""
    state = session.get(WayState, way.name)
    if state is None:
        return 0
    return session.scalar(_open(way, state).with_only_columns(func.count())) or 0


def _waiting(session: Session, way: Way, state: WayState, now: int) -> list[Pending]:
    query = _open(way, state).where(Notification.made_at > now - GIVEN_UP_SECONDS)
    rows = session.execute(query.order_by(Notification.id).limit(MOST_AT_ONCE))
    return [Pending(id_, door, event, at) for id_, door, event, at in rows]


def _open(way: Way, state: WayState) -> Select[int, str, str, int]:
    events = [*way.events, *map(over, way.events)]
    columns = select(Notification.id, Door.name, Notification.event, Notification.at)
    return columns.join(Door, Door.id == Notification.door_id).where(
        Notification.made_at >= state.since, Notification.event.in_(events), ~_done(way.name)
    )


def _done(name: str) -> Exists:
    return exists().where(Delivery.notification_id == Notification.id, Delivery.way == name)


def _told_at(session: Session, way: Way, now: int) -> dict[Same, int]:
    """When each was told last, as far back as it matters."""
    since = now - 60 * way.gather_minutes
    query = (
        select(Door.name, Notification.event, func.max(Delivery.at))
        .join(Notification, Notification.door_id == Door.id)
        .join(Delivery, Delivery.notification_id == Notification.id)
        .where(Delivery.way == way.name, Delivery.at > since, Delivery.sent)
        .group_by(Door.name, Notification.event)
    )
    return {(door, event): at for door, event, at in session.execute(query)}


def _locked(session: Session, name: str, now: int) -> WayState:
    """The state of a way, made if it is new, held until the transaction ends."""
    state = session.get(WayState, name, with_for_update=True, populate_existing=True)
    if state is None:
        state = WayState(name=name, since=now, claimed_until=0, failures=0, retry_at=0)
        session.add(state)
        session.flush()
    return state
