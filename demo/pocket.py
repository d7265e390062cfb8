"""What three neighbours hold (two phones and a paper sheet), and the wallet card in the key box."""

from __future__ import annotations

import threading
import time

from demo.setting import Code, DemoError, Setting

AHEAD_SECONDS = 300  # a phone draws anew before its bundle has run out
LOOK_SECONDS = 30.0

PEOPLE = (
    ("paper", "李奶奶的纸", "Grandma Li's paper sheet"),
    ("phone", "小陈的手机", "Chen's phone"),
    ("phone", "王叔的手机", "Mr Wang's phone"),
    ("card", "钥匙盒里的卡", "The card in the key box"),
)


class Pocket:
    """Codes as the server issues them, one pocket after the other; phones draw anew until ``close``.

    The members are added first, so that the first list the door hears has them all: of one whom it has not
    heard of it knows a phone's codes alone.
    """

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._things: list[dict[str, object]] = []
        self._phones: dict[int, tuple[str, int]] = {}  # by place in the list: the member, and until when
        self._over = threading.Event()
        self._members = [setting.member("phone" if kind == "card" else kind) for kind, _, _ in PEOPLE]
        self._thread = threading.Thread(target=self._fill, name="pocket", daemon=True)
        self._thread.start()

    def things(self) -> list[dict[str, object]]:
        """All there is so far."""
        return list(self._things)

    def close(self) -> None:
        """Draw no more."""
        self._over.set()
        self._thread.join()

    def _fill(self) -> None:
        try:
            for member, (kind, zh, en) in zip(self._members, PEOPLE, strict=True):
                if not self._over.is_set():
                    self._add(member, kind, zh, en)
        except DemoError:  # the server was killed, or the demo ended: what there is stays
            return
        while not self._over.wait(LOOK_SECONDS):
            for place, (member, until) in list(self._phones.items()):
                if until - time.time() < AHEAD_SECONDS:
                    self._draw(place, member)

    def _add(self, member: str, kind: str, zh: str, en: str) -> None:
        codes = self._setting.codes(member, *(("--card",) if kind == "card" else ()))
        if kind == "phone":
            self._phones[len(self._things)] = member, codes[-1].ends
        self._things.append({"kind": kind, "member": member, "zh": zh, "en": en, "codes": _shown(codes)})

    def _draw(self, place: int, member: str) -> None:
        try:
            codes = self._setting.codes(member)
        except DemoError:  # the phone shows what it has, as it would in the corridor
            return
        self._phones[place] = member, codes[-1].ends
        self._things[place] = {**self._things[place], "codes": _shown(codes)}


def _shown(codes: list[Code]) -> list[dict[str, object]]:
    return [{"code": c.digits, "second": c.second, "begins": c.begins, "ends": c.ends} for c in codes]
