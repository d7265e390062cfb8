"""The states of the pages that the gallery shows: a name, and what has to happen in a room for it."""

from __future__ import annotations

from collections.abc import Callable

from committee import Committee
from playwright.sync_api import Page

from roomserver.room.notices import Notices

State = Callable[[Committee, Page], None]
STATES: dict[str, State] = {}
DAY = 86_400
WALL = Notices(
    manners=("保持安静，电话到门外接", "离开时带走自己的东西，不占座", "最后离开的人关灯"),
    exams={"2026-12-19": "英语四六级", "2027-06-07": "高考"},
    address="上海市某某路 100 弄 5 号楼底层",
    phone="+86 21 5555 0101",
    email="juweihui@example.org",
)


def pictured(state: State) -> State:
    """Put a state into the gallery, under its own name."""
    STATES[state.__name__] = state
    return state
