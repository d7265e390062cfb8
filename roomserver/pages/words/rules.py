"""The form of hours, holidays, seats and the note."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "rules.title": ("开放时间与规则", "Hours and rules"),
    "rules.faults": (
        "有的地方看不懂，什么都还没有改。",
        "Some of it is not understood; nothing was changed.",
    ),
    "rules.follows": ("门 {door} 从 {when} 起按下面的执行", "Door {door} goes by this since {when}"),
    "rules.not-yet": (
        "门 {door} 还没有说它知道了；联网后几秒就会知道。",
        "Door {door} has not said yet that it knows; with a link it takes seconds.",
    ),
    "rules.day-hint": (
        "写“全天”“不开放”，或者时间，例如 08:00-12:00 13:00-22:00。",
        "“all day”, “closed”, or hours such as 08:00-12:00 13:00-22:00.",
    ),
    "rules.holidays": ("不一样的日子", "Days that differ"),
    "rules.holidays-hint": (
        "一行一天，例如 2026-10-01 不开放，或者 2026-10-02 09:00-17:00。",
        "One a line, such as 2026-10-01 closed, or 2026-10-02 09:00-17:00.",
    ),
    "rules.capacity": ("座位", "Seats"),
    "rules.when-full": ("坐满的时候", "When all seats are taken"),
    "rules.when-full.allow": ("照样能进", "members get in all the same"),
    "rules.when-full.refuse": (
        "不再进人（只在数得准的时候）",
        "nobody gets in (only while the count is certain)",
    ),
    "rules.note": ("通知", "Note"),
    "rules.note-hint": (
        "暂停开放的时候，居民会看到这句话。",
        "Residents read it while the room is closed to them.",
    ),
    "rules.fault.day": (
        "看不懂。请写成 08:00-22:00，先开后关，都用两位数。",
        "Not understood. Write 08:00-22:00, the opening first.",
    ),
    "rules.fault.holidays": (
        "这一行看不懂：{line}",
        "This line is not understood: {line}",
    ),
    "rules.fault.capacity": ("请填 1 到 1000 的数。", "A number from 1 to 1000, please."),
    "rules.fault.note": ("太长了，或者有看不见的字。", "Too long, or with characters that cannot be seen."),
    "rules.back": ("改回服务器文件里的规则", "Back to the rules of the server's file"),
    "rules.back-help": (
        "居委会从 {when} 起用自己的规则，roomserver.toml 里的不算。改回去以后，文件里的重新算。",
        "Since {when} the committee's own rules hold, and not those of roomserver.toml. Then the file's do.",
    ),
    "rules.of-file": (
        "现在用的是 roomserver.toml 里的规则；在这里保存以后，就以这里的为准。",
        "The rules of roomserver.toml hold now; once saved here, those of this page do.",
    ),
}
