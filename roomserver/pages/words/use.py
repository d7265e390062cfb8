"""The use of the room: the heat map, the days, the weekly report."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "use.title": ("使用情况", "Use of the room"),
    "use.span": ("{first} 至 {last}", "{first} to {last}"),
    "use.weeks.1": ("1 周", "1 week"),
    "use.weeks.4": ("4 周", "4 weeks"),
    "use.weeks.12": ("12 周", "12 weeks"),
    "use.earlier": ("前一周", "Earlier"),
    "use.later": ("后一周", "Later"),
    "use.nothing": (
        "这段时间没有记录：没有人来，或者门的记录还没有送到。",
        "Nothing is recorded for this time: nobody came, or the door's records have not arrived.",
    ),
    "use.entries": ("进门 {count} 次", "{count} entries"),
    "use.change": ("前一段时间 {before} 次", "{before} in the time before"),
    "use.fullest": (
        "最满：{day} {hour}，{count} 人（共 {seats} 座）",
        "Fullest: {day} {hour}, {count} of {seats} seats",
    ),
    "use.full": (
        "坐满的时间：{open} 个开放小时里有 {full} 个（{share}%）",
        "Full: {full} of {open} hours that it was open ({share} %)",
    ),
    "use.heat": ("什么时候人多", "When it is busy"),
    "use.heat-help": (
        "一格是一小时，颜色越浓，人越多。空白是不开放，或者还没有到。",
        "A field is an hour; the stronger its colour, the fuller. Blank: closed, or still to come.",
    ),
    "use.cell": ("{day} {hour}：{level}", "{day} {hour}: {level}"),
    "use.level.0": ("没有人", "nobody"),
    "use.level.1": ("不到八分之一的座位", "up to an eighth of the seats"),
    "use.level.2": ("不到四分之一", "up to a quarter"),
    "use.level.3": ("不到八分之三", "up to three eighths"),
    "use.level.4": ("不到一半", "up to half"),
    "use.level.5": ("不到八分之五", "up to five eighths"),
    "use.level.6": ("不到四分之三", "up to three quarters"),
    "use.level.7": ("不到八分之七", "up to seven eighths"),
    "use.level.8": ("差不多坐满", "nearly all, or all"),
    "use.empty": ("空", "empty"),
    "use.all": ("满", "full"),
    "use.days": ("每天", "By the day"),
    "use.day": ("日子", "Day"),
    "use.came": ("进门", "Entries"),
    "use.peak": ("最多同时", "Most at once"),
    "use.full-hours": ("坐满小时", "Full hours"),
    "use.counts": (
        "只有数字，没有会员号；一个人和两个人都写作 1–2。记录删除以后，这些数字还在。",
        "Counts alone, no member numbers; one and two are both told as 1–2. They outlive the records.",
    ),
    "use.print": ("打印", "Print"),
    "use.csv": ("下载表格（CSV）", "Download as CSV"),
    "use.door": ("门：{door}", "Door: {door}"),
    "short.0": ("一", "Mo"),
    "short.1": ("二", "Tu"),
    "short.2": ("三", "We"),
    "short.3": ("四", "Th"),
    "short.4": ("五", "Fr"),
    "short.5": ("六", "Sa"),
    "short.6": ("日", "Su"),
}
