"""Codes: the vectors, the edges of every window to the second, and what no digits may do."""

from __future__ import annotations

import base64
import hmac
import json
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from zoneinfo import ZoneInfo

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract import codes as c
from contract.authenticator import provisioning_uri
from contract.codes import PAPER2, Attempt, CodeError, Codes, Kind, Window

VECTORS = json.loads((Path(__file__).parent / "data" / "code-vectors.json").read_text())
KEY = bytes(range(32))
SHANGHAI, BERLIN = ZoneInfo("Asia/Shanghai"), ZoneInfo("Europe/Berlin")
HOUR = 3600

times = st.integers(1_500_000_000, 4_200_000_000)
members = st.integers(1, 9999).map("{:04d}".format)
generations = st.integers(1, c.MAX_GENERATION)
timed = st.sampled_from([Kind.PHONE, Kind.STAFF, Kind.PAPER])


def name(vector: dict[str, Any]) -> str:
    return f"{vector['kind']}-{vector['code']}"


def form(vector: dict[str, Any]) -> Codes:
    member_digits = len(vector["code"]) - vector["digits"]
    zone = ZoneInfo(vector.get("time_zone", "Asia/Shanghai"))
    return Codes(digits=vector["digits"], member_digits=member_digits, time_zone=zone)


def secrets(vector: dict[str, Any]) -> tuple[bytes, bytes]:
    """The secrets of the first and the second code."""
    key, kind = bytes.fromhex(vector["door_key"]), vector["kind"]
    rest = vector["member"], vector["generation"]
    second = PAPER2 if kind == Kind.PAPER else kind
    return c.derive(key, vector["door"], kind, *rest), c.derive(key, vector["door"], second, *rest)


def counters(vector: dict[str, Any]) -> tuple[int, int]:
    return vector["counter"], vector["counter"] + (vector["kind"] != Kind.PAPER)


def unix(zone: ZoneInfo, *local: int) -> int:
    return int(datetime(*local, tzinfo=zone).timestamp())  # type: ignore[misc, arg-type]


# -- vectors --------------------------------------------------------------------------------------


def test_the_vectors_have_every_kind():
    assert {vector["kind"] for vector in VECTORS} == set(Kind)


@pytest.mark.parametrize("vector", VECTORS, ids=name)
def test_the_vector_is_issued(vector):
    key, kind, digits = bytes.fromhex(vector["door_key"]), Kind(vector["kind"]), form(vector)
    step = vector["counter"] // 2 if kind is Kind.CARD else vector["counter"]
    issued = c.issue(key, vector["door"], kind, vector["member"], vector["generation"], step, digits)
    assert (issued.digits, issued.second) == (vector["code"], vector["second"])
    assert base64.b32encode(secrets(vector)[0]).decode() == vector["secret_base32"]
    if kind is not Kind.CARD:
        assert digits.step(kind, vector["at"]) == step
        assert issued.begins <= vector["at"] < issued.ends
        assert step in digits.acceptable(kind, vector["at"])


@pytest.mark.parametrize("vector", VECTORS, ids=name)
def test_oathtool_agrees_with_the_vector(vector):
    oathtool = shutil.which("oathtool")
    if oathtool is None:
        pytest.skip("oathtool is not installed")
    for secret, counter, code in zip(
        secrets(vector), counters(vector), (vector["code"], vector["second"]), strict=True
    ):
        command = [oathtool, "--hotp", f"--counter={counter}", f"--digits={vector['digits']}", secret.hex()]
        told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout.strip()
        assert told == code[-vector["digits"] :]


@pytest.mark.parametrize("kind", [Kind.PHONE, Kind.STAFF])
def test_oathtool_agrees_on_the_step_of_a_moment(kind):
    oathtool = shutil.which("oathtool")
    if oathtool is None:
        pytest.skip("oathtool is not installed")
    t = 1_795_485_599
    secret, step = c.derive(KEY, "yuexin", kind, "0427", 1), Codes().windows[kind].step
    command = [oathtool, "--totp", f"--time-step-size={step}s", f"--now=@{t}", secret.hex()]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=10).stdout.strip()
    assert told == c.otp(secret, Codes().step(kind, t), 6)


# The three SHA-256 cases of RFC 5869, appendix A: PRK, info, L and OKM.
RFC_5869 = {
    "A.1": (
        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
        bytes(range(0xF0, 0xFA)).hex(),
        "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865",
    ),
    "A.2": (
        "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
        bytes(range(0xB0, 0x100)).hex(),
        (
            "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09"
            "da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87"
        ),
    ),
    "A.3": (
        "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
        "",
        "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8",
    ),
}


@pytest.mark.parametrize("case", RFC_5869)
def test_the_key_derivation_is_that_of_rfc_5869(case):
    prk, info, okm = map(bytes.fromhex, RFC_5869[case])
    assert c.hkdf_expand(prk, info, len(okm)) == okm


def test_a_derivation_of_more_than_the_rfc_allows_is_refused():
    assert len(c.kdf(KEY, "", 255 * 32)) == 255 * 32
    with pytest.raises(ValueError, match="range"):
        c.kdf(KEY, "", 255 * 32 + 1)


def test_the_key_derivation_takes_its_info_as_utf_8():
    assert c.kdf(KEY, "自习室", 20) == c.hkdf_expand(KEY, "自习室".encode(), 20)
    assert c.kdf(KEY, "", 32) == hmac.digest(KEY, b"\x01", "sha256")


# -- derivation -----------------------------------------------------------------------------------

doors = st.from_regex(r"[a-z0-9-]{1,32}", fullmatch=True) | st.sampled_from(
    ["a", "a-1", "paper", "paper2", "v1"]
)
kinds = st.sampled_from([*Kind, PAPER2])
numbers = st.from_regex(r"[0-9]{3,6}", fullmatch=True)
identities = st.tuples(doors, kinds, numbers, generations)


@given(identities, identities)
def test_no_two_identities_share_a_secret(one, other):
    assert (c.derive(KEY, *one) == c.derive(KEY, *other)) == (one == other)


def test_identities_whose_parts_run_together_have_secrets_of_their_own():
    close = [
        ("a", "paper", "2004", 1), ("a", "paper2", "004", 1), ("a", "paper2", "0041", 1),
        ("a", "paper2", "004", 11), ("a", "paper", "0042", 1), ("a", "paper", "004", 21),
        ("a-1", "paper", "004", 21), ("a1", "paper", "004", 2), ("a", "phone", "0041", 1),
        ("a", "phone", "004", 11), ("aphone", "phone", "004", 11), ("a", "card", "004", 1),
    ]  # fmt: skip
    assert len({c.derive(KEY, *identity) for identity in close}) == len(close)


def test_another_door_key_has_other_secrets():
    assert c.derive(KEY, "a", "phone", "0427", 1) != c.derive(KEY[::-1], "a", "phone", "0427", 1)


# -- issue, parse, match --------------------------------------------------------------------------


@given(timed, members, generations, times)
def test_what_is_issued_parses_and_matches_at_its_step_alone(kind, member, generation, t):
    codes = Codes()
    step = codes.step(kind, t)
    issued = c.issue(KEY, "yuexin", kind, member, generation, step, codes)
    attempt = c.parse(issued.digits, codes)
    secret = c.derive(KEY, "yuexin", kind, member, generation)
    assert attempt.member == member
    assert c.match(secret, attempt.otp, [step]) == step
    assert c.match(secret, attempt.otp, []) is None
    assert issued.begins <= t < issued.ends


@given(members, times)
def test_the_second_code_is_the_next_steps_first(member, t):
    codes = Codes()
    for kind in (Kind.PHONE, Kind.STAFF):
        step = codes.step(kind, t)
        now, then = (c.issue(KEY, "yuexin", kind, member, 1, s, codes) for s in (step, step + 1))
        assert member + now.second == then.digits
        assert now.ends == then.begins


@given(members, st.integers(1, 10_000))
def test_a_pair_of_a_card_is_two_counters_of_its_own(member, pair):
    codes = Codes()
    issued = c.issue(KEY, "yuexin", Kind.CARD, member, 1, pair, codes)
    secret = c.derive(KEY, "yuexin", "card", member, 1)
    assert issued.digits == member + c.otp(secret, 2 * pair, 6)
    assert issued.second == c.otp(secret, 2 * pair + 1, 6)


@given(members, times)
def test_the_second_code_of_paper_is_of_the_same_day_and_another_secret(member, t):
    codes = Codes()
    day = codes.step(Kind.PAPER, t)
    issued = c.issue(KEY, "yuexin", Kind.PAPER, member, 1, day, codes)
    assert c.match(c.derive(KEY, "yuexin", PAPER2, member, 1), issued.second, [day]) == day


@pytest.mark.parametrize("member", ["0000", "427", "00427", "", "abcd", "０４２７", "04 7", "-427"])
def test_a_number_that_cannot_be_a_members_is_never_issued(member):
    assert not c.is_member(member, Codes())
    with pytest.raises(ValueError, match="member number"):
        c.issue(KEY, "yuexin", Kind.PHONE, member, 1, 1, Codes())


@pytest.mark.parametrize("value", [None, 427, b"0427", ["0427"]])
def test_a_member_number_is_text(value):
    assert not c.is_member(value, Codes())


def test_the_pairs_of_a_card_begin_with_the_first():
    with pytest.raises(ValueError, match="pairs of a card"):
        c.issue(KEY, "yuexin", Kind.CARD, "0427", 1, 0, Codes())


@given(st.text(max_size=20) | st.text("0123456789０１２٣²", max_size=12))
def test_digits_that_are_none_raise_nothing_but_code_error(text):
    codes = Codes()
    try:
        attempt = c.parse(text, codes)
    except CodeError:
        assert not (text.isascii() and text.isdecimal() and len(text) in (6, 10))
    else:
        assert (attempt.member or "") + attempt.otp == text


@pytest.mark.parametrize(
    "text", ["０４２７７１９３８５", "0427 719385", "+427719385", "²²²²²²", "٠١٢٣٤٥", "\ud800" * 6, ""]
)
def test_digits_that_are_not_ascii_are_no_attempt(text):
    with pytest.raises(CodeError):
        c.parse(text, Codes())


@pytest.mark.parametrize("length", [1, 4, 5, 7, 9, 11, 5_000])
def test_an_attempt_of_a_wrong_length_is_told_the_right_one_and_not_quoted(length):
    with pytest.raises(CodeError) as told:
        c.parse("7" * length, Codes())
    assert "10 digits" in str(told.value)
    assert "77" not in str(told.value)


def test_the_otp_digits_alone_are_a_second_code():
    assert c.parse("719385", Codes()) == Attempt(None, "719385")
    assert c.parse("0427719385", Codes()) == Attempt("0427", "719385")


@pytest.mark.parametrize("digits", [6, 7, 8])
@pytest.mark.parametrize("member_digits", [3, 4, 5, 6])
def test_every_form_of_code_is_split_where_it_was_joined(digits, member_digits):
    codes = Codes(digits=digits, member_digits=member_digits)
    member = "7".zfill(member_digits)
    issued = c.issue(KEY, "yuexin", Kind.PHONE, member, 1, 14_962_379, codes)
    assert len(issued.digits) == codes.length == digits + member_digits
    assert c.parse(issued.digits, codes) == Attempt(member, issued.digits[member_digits:])
    assert c.parse(issued.second, codes) == Attempt(None, issued.second)


def test_neither_an_attempt_nor_an_issued_code_shows_its_digits():
    issued = c.issue(KEY, "yuexin", Kind.PHONE, "0427", 1, 14_962_379, Codes())
    shown = repr(issued) + repr(c.parse(issued.digits, Codes()))
    assert issued.digits[4:] not in shown
    assert issued.second not in shown


def test_a_match_is_the_newest_step_and_every_step_is_tried(monkeypatch):
    tried = []

    def at(self: pyotp.HOTP, count: int) -> str:
        tried.append(count)
        return "111111" if count in (3, 5) else "222222"

    monkeypatch.setattr(pyotp.HOTP, "at", at)
    assert c.match(b"\0" * 20, "111111", range(9)) == 5
    assert c.match(b"\0" * 20, "333333", range(9)) is None
    assert tried == [*range(9), *range(9)]


def test_codes_are_compared_in_constant_time(monkeypatch):
    compared = []
    real = hmac.compare_digest
    monkeypatch.setattr(hmac, "compare_digest", lambda a, b: compared.append((a, b)) or real(a, b))
    c.match(b"\0" * 20, "111111", range(4))
    assert [typed for _, typed in compared] == ["111111"] * 4


# -- windows --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind, skew, grace", [(Kind.PHONE, 30, 60), (Kind.STAFF, 10, 20)])
@pytest.mark.parametrize("first", [14_962_379, 1_000])
def test_a_step_is_acceptable_from_its_skew_to_its_grace_and_not_a_second_more(kind, skew, grace, first):
    codes = Codes()
    begin, end = codes.begin(kind, first), codes.end(kind, first)
    assert end - begin == codes.windows[kind].step
    assert first not in codes.acceptable(kind, begin - skew - 1)
    assert first in codes.acceptable(kind, begin - skew)
    assert first in codes.acceptable(kind, end + grace - 1)
    assert first not in codes.acceptable(kind, end + grace)


@given(timed, times, st.integers(0, 200), st.integers(0, 40_000), st.sampled_from([SHANGHAI, BERLIN]))
def test_the_acceptable_steps_are_those_whose_window_holds_now(kind, t, skew, grace, zone):
    codes = Codes(time_zone=zone)
    window = Window(step=codes.windows[kind].step, skew=skew, grace=grace)
    near = codes.step(kind, t)
    for wide, steps in (
        (window, codes.acceptable(kind, t, window=window)),
        (codes.windows[kind], codes.acceptable(kind, t)),
    ):
        around = range(near - 1350, near + 10) if kind is Kind.STAFF else range(near - 400, near + 10)
        held = [s for s in around if codes.begin(kind, s) - wide.skew <= t < codes.end(kind, s) + wide.grace]
        assert list(steps) == held


def test_the_wider_window_of_source_code_holds_to_the_second():
    codes, wide = Codes(), Window(step=120, skew=45, grace=75)
    begin, end = codes.begin(Kind.PHONE, 14_962_379), codes.end(Kind.PHONE, 14_962_379)
    held = [
        14_962_379 in codes.acceptable(Kind.PHONE, t, window=wide)
        for t in (begin - 46, begin - 45, end + 74, end + 75)
    ]
    assert held == [False, True, True, False]


def test_a_clock_at_1970_or_2099_asks_for_no_impossible_step():
    codes = Codes()
    for kind in (Kind.PHONE, Kind.STAFF, Kind.PAPER):
        for t in (-1_000_000, -1, 0, 1, 59, 60, 4_102_444_799):
            steps = codes.acceptable(kind, t)
            assert all(step >= 0 for step in steps)
            c.match(b"\0" * 20, "111111", steps)
    assert list(codes.acceptable(Kind.PHONE, 0)) == [0]


@pytest.mark.parametrize(
    "zone, day, hours",
    [
        (SHANGHAI, (2026, 3, 29), 24),
        (SHANGHAI, (2026, 10, 25), 24),
        (BERLIN, (2026, 3, 28), 24),
        (BERLIN, (2026, 3, 29), 23),
        (BERLIN, (2026, 10, 25), 25),
        (ZoneInfo("Africa/Cairo"), (2026, 4, 24), 23),  # no midnight: 23:59:59 is followed by 01:00
        (ZoneInfo("America/Havana"), (2026, 11, 1), 25),  # two midnights: 00:59:59 is followed by 00:00
    ],
)
def test_paper_goes_from_local_midnight_to_the_next_and_six_hours(zone, day, hours):
    codes = Codes(time_zone=zone)
    begin = unix(zone, *day)
    step = codes.step(Kind.PAPER, begin)
    end = begin + hours * HOUR
    assert codes.step(Kind.PAPER, begin - 1) == step - 1
    assert (codes.begin(Kind.PAPER, step), codes.end(Kind.PAPER, step)) == (begin, end)
    assert step == (datetime(*day, tzinfo=UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(days=1)
    around = (begin - 1, begin, end + 6 * HOUR - 1, end + 6 * HOUR)
    assert [step in codes.acceptable(Kind.PAPER, t) for t in around] == [False, True, True, False]


def test_in_the_morning_the_sheet_of_yesterday_still_opens_and_later_not():
    codes = Codes(time_zone=BERLIN)
    night = codes.acceptable(Kind.PAPER, unix(BERLIN, 2026, 10, 25, 1))
    noon = codes.acceptable(Kind.PAPER, unix(BERLIN, 2026, 10, 25, 12))
    assert (len(night), len(noon)) == (2, 1)
    assert night[-1] == noon[0]


# -- the bundle -----------------------------------------------------------------------------------


@given(times)
def test_a_bundle_is_half_an_hour_of_codes_and_one_code_more(now):
    codes = Codes()
    bundle = c.bundle(KEY, "yuexin", "0427", 1, now, codes)
    assert [code.step for code in bundle] == list(range(bundle[0].step, bundle[0].step + 15))
    assert bundle[0].begins <= now < bundle[0].ends
    assert len({code.digits[4:] for code in bundle} | {code.second for code in bundle}) <= 16
    assert all("0427" + one.second == two.digits for one, two in pairwise(bundle))


@given(times)
def test_no_code_of_a_bundle_begins_more_than_half_an_hour_ahead(now):
    """A door that accepts step s believes that begin(s) − 30 min has passed (PROTOCOL §1, known past)."""
    codes = Codes()
    last = c.bundle(KEY, "yuexin", "0427", 1, now, codes)[-1]
    assert codes.begin(Kind.PHONE, last.step + 1) - 1800 <= now


@given(times)
def test_what_was_drawn_dies_by_itself_within_31_minutes(now):
    codes = Codes()
    bundle = c.bundle(KEY, "yuexin", "0427", 1, now, codes)
    alive = codes.acceptable(Kind.PHONE, now + 31 * 60)
    assert not {code.step for code in bundle} & set(alive)


def test_a_code_belongs_to_one_generation():
    codes = Codes()
    first, second = (c.bundle(KEY, "yuexin", "0427", g, 1_795_485_599, codes) for g in (1, 2))
    assert first != second


# -- the form, and what an authenticator scans ----------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"digits": 5},
        {"digits": 9},
        {"member_digits": 2},
        {"member_digits": 7},
        {"paper_uses": 0},
        {"bundle_seconds": 119},
        {"windows": {}},
        {"windows": dict(c.WINDOWS) | {Kind.CARD: Window(30, 0, 0)}},
    ],
)
def test_a_form_that_cannot_work_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Codes(**wrong)


@pytest.mark.parametrize("window", [(0, 0, 0), (-1, 0, 0), (30, -1, 0), (30, 0, -1)])
def test_a_window_that_cannot_work_is_refused(window):
    with pytest.raises(ValueError, match="window"):
        Window(*window)


def test_two_doors_never_share_their_windows():
    one, other = Codes(), Codes()
    assert one == other
    assert one.windows is not other.windows


@pytest.mark.parametrize("room", ["study room", "自习室", "a:b/c?d&e=f #%", "Ünter"])
def test_an_authenticator_reads_back_what_the_uri_says(room):
    codes = replace(Codes(), room=room)
    secret = c.derive(KEY, "yuexin", "staff", "0042", 7)
    uri = provisioning_uri(secret, "0042", codes)
    assert uri.isascii()
    parts = urlsplit(uri)
    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    label_room, label_member = parts.path.removeprefix("/").split(":")
    assert (unquote(label_room), label_member) == (room, "0042")
    query = {key: values[0] for key, values in parse_qs(parts.query, strict_parsing=True).items()}
    told = base64.b32encode(secret).decode()
    wanted = {"secret": told, "issuer": room, "algorithm": "SHA1", "digits": "6", "period": "30"}
    assert query == wanted
    assert "+" not in parts.query


def test_pyotp_makes_the_staff_code_from_the_uri():
    codes, t = Codes(room="自习室"), 1_795_485_600
    secret = c.derive(KEY, "yuexin", "staff", "0042", 7)
    totp = pyotp.parse_uri(provisioning_uri(secret, "0042", codes))
    assert isinstance(totp, pyotp.TOTP)
    issued = c.issue(KEY, "yuexin", Kind.STAFF, "0042", 7, codes.step(Kind.STAFF, t), codes)
    assert totp.at(t) == issued.digits[4:]
