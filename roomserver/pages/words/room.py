"""The page of the room, and the line of seats that other pages have too."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "time.just-now": ("刚刚", "just now"),
    "time.minutes-ago": ("{count} 分钟前", "{count} min ago"),
    "time.hours-ago": ("{count} 小时前", "{count} h ago"),
    "time.days-ago": ("{count} 天前", "{count} days ago"),
    "time.tomorrow": ("明天 {time}", "tomorrow {time}"),
    "time.date": ("{year}{month}月{day}日 {time}", "{day} {month}{year}, {time}"),
    "seats.plenty": ("座位很多", "Plenty of seats"),
    "seats.some": ("还有一些座位", "Some seats are free"),
    "seats.few": ("座位不多了", "Few seats are left"),
    "seats.full": ("可能已经坐满", "Probably full"),
    "seats.unknown": ("还不知道有没有座位", "Not known yet whether a seat is free"),
    "seats.about": ("大约还有 {count} 个座位", "About {count} seats are free"),
    "seats.about-one": ("大约还有 1 个座位", "About one seat is free"),
    "sure.exact": ("由门口的传感器计数", "counted at the door"),
    "sure.estimate": ("估计", "an estimate"),
    "sure.unknown": ("不太确定", "not very sure"),
    "sure.silent": ("门没有联网，情况可能已经变了", "the door is offline, it may have changed since"),
}
