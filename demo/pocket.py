"""What three neighbours hold (two phones and a paper sheet), and the wallet card in the key box."""

from __future__ import annotations

import threading
import time

from demo.setting import Code, DemoError, Setting

AHEAD_SECONDS = 300  # a phone draws anew before its bundle has run out

PEOPLE = (
    ("phone", "小陈的手机", "Chen's phone"),
    ("phone", "王叔的手机", "Mr Wang's phone"),
    ("paper", "李奶奶的纸", "Grandma Li's paper sheet"),
)


class Pocket:
    """Codes as the server issues them; the door's panel shows them and has them typed."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._mutex = threading.Lock()
        self._things: list[dict[str, object]] = []
        self._phones: dict[str, list[Code]] = {}
        for kind, zh, en in PEOPLE:
            member = setting.member(kind)
            codes = setting.codes(member)
            if kind == "phone":
                self._phones[member] = codes
            self._add(kind, member, zh, en, codes)
        card = setting.member()
        self._add("card", card, "钥匙盒里的卡", "The card in the key box", setting.codes(card, "--card"))

    def things(self) -> list[dict[str, object]]:
        """All of it; a phone whose bundle runs out draws the next."""
        with self._mutex:
            for thing in self._things:
                member = str(thing["member"])
                codes = self._phones.get(member)
                if codes and codes[-1].ends - time.time() < AHEAD_SECONDS:
                    self._draw(member, thing)
            return [dict(thing) for thing in self._things]

    def _draw(self, member: str, thing: dict[str, object]) -> None:
        try:
            codes = self._phones[member] = self._setting.codes(member)
        except DemoError:  # the phone shows what it has, as it would in the corridor
            return
        thing["codes"] = _shown(codes)

    def _add(self, kind: str, member: str, zh: str, en: str, codes: list[Code]) -> None:
        self._things.append({"kind": kind, "member": member, "zh": zh, "en": en, "codes": _shown(codes)})


def _shown(codes: list[Code]) -> list[dict[str, object]]:
    return [{"code": c.digits, "second": c.second, "begins": c.begins, "ends": c.ends} for c in codes]
