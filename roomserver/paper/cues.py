"""The five cues of the door as the notice beside it shows them; a test holds them to the door's own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

SHOWN_MS = 3000


@dataclass(frozen=True, slots=True)
class Sign:
    """A cue: its light, which flashes (ms on, off, on …, once or ``again``), what is said, what to do."""

    cue: str
    colour: str
    flashes: tuple[int, ...]
    again: bool
    light: tuple[str, str]
    said: tuple[str, str]
    do: tuple[str, str]

    @property
    def bars(self) -> Sequence[tuple[int, int]]:
        """Where the light is on within ``SHOWN_MS``: begin and length, in ms."""
        if len(self.flashes) == 1:
            return [(0, SHOWN_MS)]
        bars, at = [], 0
        while at < SHOWN_MS:
            for n, ms in enumerate(self.flashes):
                if n % 2 == 0 and at < SHOWN_MS:
                    bars.append((at, min(ms, SHOWN_MS - at)))
                at += ms
            if not self.again:
                break
        return bars


SIGNS = (
    Sign(
        "accepted",
        "green",
        (1000,),
        True,
        ("绿灯长亮", "green, steady"),
        ("请进", "Please come in"),
        ("推门进去，请把门带上。", "Push the door, and close it behind you."),
    ),
    Sign(
        "wrong",
        "red",
        (150, 150, 150),
        False,
        ("红灯闪两下", "red, two short"),
        ("号码不对，请再输一次", "Not right, please try again"),
        ("看清最新的号码，重新输入。", "Look at your newest code, and type it again."),
    ),
    Sign(
        "second-code",
        "blue",
        (120, 120, 480, 680),
        True,
        ("蓝灯一短一长", "blue, short and long"),
        ("请再输入下一个号码", "Now the next code, please"),
        ("接着输入旁边的第二个号码。", "Type the second code, which stands beside the first."),
    ),
    Sign(
        "not-now",
        "amber",
        (500, 300, 500, 300, 500),
        False,
        ("黄灯慢闪三下", "amber, three slow"),
        ("现在不能进入，请看手机", "Not now, see your phone"),
        ("原因在手机上；没有手机，请打电话。", "Your phone tells why; without one, call us."),
    ),
    Sign(
        "wait",
        "red",
        (1000, 1000),
        True,
        ("红灯慢慢地亮、灭", "red, slow"),
        ("请稍等", "One moment"),
        ("等红灯灭了再输入。", "Wait until the red light is out."),
    ),
)
