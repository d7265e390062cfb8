"""What stands around every page, and on the page of an error."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, tuple[str, str]] = {
    "frame.lang": ("zh-Hans", "en"),
    "frame.skip": ("跳到正文", "Skip to the content"),
    "frame.switch": ("English", "中文"),
    "frame.home": ("自习室", "The room"),
    "frame.help": ("怎么用", "How it works"),
    "frame.privacy": ("隐私", "Privacy"),
    "error.title": ("没有打开", "That did not open"),
    "error.404": ("没有这个页面。", "There is no such page."),
    "error.403": (
        "这里不对您开放，或者页面开得太久了。请重新打开再试。",
        "This is not open to you, or its page was open for too long: open that again and try once more.",
    ),
    "error.405": ("这个页面不能这样打开。", "This page cannot be opened that way."),
    "error.413": ("发送的内容太大了。", "What was sent is too large."),
    "error.422": (
        "有一项填得不对，请返回再填一次。",
        "Something is not filled in right; go back and try again.",
    ),
    "error.429": ("试得太多了，请过一会儿再来。", "Too many tries; come back in a little while."),
    "error.500": ("服务器出了问题，请稍后再试。", "Something is wrong here; try again later."),
    "error.back": ("回到首页", "Back to the first page"),
}
