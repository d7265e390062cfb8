"""Every word on the pages, by its key, in Chinese and English; a file for each subject."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from roomserver.pages.words import (
    account,
    acts,
    board,
    code,
    committee,
    frame,
    guide,
    joining,
    office,
    people,
    printing,
    room,
    rows,
    rules,
    use,
)


class Language(StrEnum):
    """What the pages speak."""

    ZH = "zh"
    EN = "en"


SUBJECTS = (
    frame,
    code,
    room,
    guide,
    joining,
    account,
    committee,
    board,
    people,
    office,
    rules,
    rows,
    acts,
    use,
    printing,
)
CATALOGUE: Mapping[str, tuple[str, str]] = {
    key: words for subject in SUBJECTS for key, words in subject.WORDS.items()
}


def word(language: Language, key: str, /, **values: object) -> str:
    """The word for ``key``, its places filled with ``values``; ``KeyError`` when there is no such key."""
    zh, en = CATALOGUE[key]
    return (zh if language is Language.ZH else en).format(**values)
