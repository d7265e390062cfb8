"""Texts that have broken JSON readers, for every test that feeds garbage."""

from __future__ import annotations

HOSTILE_TEXTS: dict[str, bytes] = {
    "nothing": b"",
    "null": b"null",
    "list": b"[]",
    "text": b'"a"',
    "number": b"7",
    "float": b'{"n": 1.5}',
    "exponent": b'{"n": 1e400}',
    "not a number": b'{"n": NaN}',
    "infinity": b'{"n": -Infinity}',
    "5,000 digits": b'{"n": ' + b"9" * 5_000 + b"}",
    "4,000 digits": b'{"n": ' + b"9" * 4_000 + b"}",
    "100,000 brackets": b"[" * 100_000,
    "100,000 closed brackets": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "100,000 braces": b'{"a": ' * 100_000 + b"1" + b"}" * 100_000,
    "deep and escaped": b'{"a": "\\u0041", "b": ' + b"[" * 985 + b"]" * 985 + b"}",
    "lone surrogate": b'{"a": "\\ud800"}',
    "lone surrogate as a key": b'{"\\udfff": 1}',
    "surrogate bytes": b'{"a": "\xed\xa0\x80"}',
    "not UTF-8": b'{"a": "\xff\xfe"}',
    "UTF-16": '{"a": 1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"a": 1}',
    "full-width digits": '{"n": １２}'.encode(),
    "raw control": b'{"a": "\x00\x01"}',
    "cut short": b'{"a": ',
    "two objects": b"{}{}",
    "unquoted": b"{a: 1}",
}
HOSTILE_VALUES: tuple[object, ...] = (
    None, True, -1, 0, 1.5, float("nan"), float("inf"), 10**5000, 2**53, "", "0427", "\ud800", "０４２７",
    "x" * 5_000, [], [[]], {}, {"a": {}}, (), b"0427",
)  # fmt: skip
