"""A stopped door is asked to do something that lasts: the same core decides, the same store keeps it.

The folder is held meanwhile, so that no daemon starts into it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from door import assemble, credentials, timesource
from door.alone import Alone
from door.config import Config
from door.control import name_of
from door.controller import decide
from door.effects import Effect, Reply
from door.errors import StoreError
from door.events import Asked
from door.rules import Rules
from door.state import State

STORE_SECONDS = 10.0


def decide_stopped(config: Config, rules: Rules, verb: str, args: Mapping[str, object]) -> str | None:
    """Have ``verb`` done in the database of a stopped door; its error word, None when it is done and durable.

    ``RunningError`` when a door runs after all, ``StoreError`` when it could not be written.
    """
    held = credentials.load(config.door.credentials)
    alone = Alone(config.door.state_dir, config.socket)
    store = assemble.store(config, held, lambda _: None)
    try:
        remembered = store.start()
        if not store.ok:
            raise StoreError(f"{store.path} cannot be written ({store.fault}): try it with sudo")
        state = assemble.state(remembered, held, rules, timesource.moment())
        effects = _decided(state, Asked("", verb, args, name_of(os.getuid())), rules)
        store.keep(effects).result(STORE_SECONDS)
        return next(effect.error for effect in effects if isinstance(effect, Reply))
    finally:
        store.stop(STORE_SECONDS)
        alone.release()


def _decided(state: State, asked: Asked, rules: Rules) -> tuple[Effect, ...]:
    """What the door answers, once it has looked at the system's clock as it does when it starts."""
    now = timesource.moment()
    state, looked = decide(state, timesource.read(), now, rules)
    _, answered = decide(state, asked, now, rules)
    return (*looked, *answered)
