"""The paid identity checks, against local servers that speak as the services' documents have it.

The services' own libraries do the speaking; every documented answer and error is given, and worse.
"""

from __future__ import annotations

import json
import logging
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from servers import Asked, Said, serving

from contract.settings import SettingsError, read
from roomserver.identity import Committee, Provider, ProviderMissingError, Verdict, provider_of
from roomserver.place import Place
from roomserver.settings import Identity, Settings

NAME, NUMBER = "韦小宝", "11010519491231002X"


def provider(kind: str, url: str, tmp_path: Path = Path(), **more: Any) -> Provider:
    """A provider that asks ``url``."""
    identity = Identity(
        provider=kind, key_id="an id", key_secret="a secret", endpoint=url, timeout_seconds=2, **more
    )
    return provider_of(Place(tmp_path, replace(Settings(), identity=identity)))


def asked_of(kind: str, answer: Callable[[Asked], Said]) -> tuple[Verdict, list[Asked]]:
    """What a provider says when the service answers so."""
    with serving(answer) as service:
        return provider(kind, service.url).check(NAME, NUMBER), service.asked


def tencent(result: str | None = None, error: str | None = None) -> Said:
    """An answer of Tencent Cloud."""
    inside: dict[str, Any] = {"RequestId": "94b54cdf-d975-4718-b091-32f8d79d6397"}
    if error is not None:
        inside["Error"] = {"Code": error, "Message": f"{NAME} {NUMBER} is wrong"}
    else:
        inside |= {"Result": result, "Description": "…"}
    return Said({"Response": inside}, headers={"Content-Type": "application/json"})


def aliyun(code: str, biz_code: str | None = None) -> Said:
    """An answer of Alibaba Cloud."""
    body: dict[str, Any] = {"Code": code, "Message": f"{NAME} {NUMBER}", "RequestId": "130A2C10"}
    if biz_code is not None:
        body["ResultObject"] = {"BizCode": biz_code}
    return Said(body, headers={"Content-Type": "application/json"})


@pytest.mark.parametrize(
    "result, verdict",
    [
        ("0", Verdict.RIGHT),
        ("-1", Verdict.WRONG),
        ("-2", Verdict.WRONG),
        ("-3", Verdict.SEE_PAPER),
        ("-4", Verdict.DOWN),
        ("-5", Verdict.SEE_PAPER),
        ("-6", Verdict.DOWN),
        ("-7", Verdict.BUSY),
        ("7", Verdict.DOWN),
        (None, Verdict.DOWN),
    ],
)
def test_every_documented_result_of_tencent(result: str | None, verdict: Verdict) -> None:
    said, asked = asked_of("tencent", lambda _: tencent(result))
    assert said is verdict
    (request,) = asked
    assert json.loads(request.body) == {"Name": NAME, "IdCard": NUMBER}
    assert (request.token or "").startswith("TC3-HMAC-SHA256 Credential=an id/")


@pytest.mark.parametrize(
    "error, verdict",
    [
        ("AuthFailure.InvalidAuthorization", Verdict.DOWN),
        ("AuthFailure.SecretIdNotFound", Verdict.DOWN),
        ("AuthFailure.SignatureExpire", Verdict.DOWN),
        ("FailedOperation.UnKnown", Verdict.DOWN),
        ("FailedOperation.IdentityAuthLimitExceeded", Verdict.BUSY),
        ("InternalError", Verdict.DOWN),
        ("InternalError.EncryptSystemError", Verdict.DOWN),
        ("InvalidParameter", Verdict.DOWN),
        ("RequestLimitExceeded", Verdict.BUSY),
        ("ResourceUnavailable.InArrears", Verdict.DOWN),
        ("ResourcesSoldOut.ChargeStatusException", Verdict.DOWN),
        ("UnauthorizedOperation.Nonactivated", Verdict.DOWN),
        ("UnauthorizedOperation.Arrears", Verdict.DOWN),
        ("UnsupportedOperation", Verdict.DOWN),
    ],
)
def test_every_documented_error_of_tencent(
    error: str, verdict: Verdict, caplog: pytest.LogCaptureFixture
) -> None:
    assert asked_of("tencent", lambda _: tencent(error=error))[0] is verdict
    assert error in caplog.text


@pytest.mark.parametrize(
    "code, biz_code, verdict",
    [
        ("200", "1", Verdict.RIGHT),
        ("200", "2", Verdict.WRONG),
        ("200", "3", Verdict.SEE_PAPER),
        ("200", "9", Verdict.DOWN),
        ("200", None, Verdict.DOWN),
        ("400", None, Verdict.DOWN),
        ("401", None, Verdict.SEE_PAPER),
        ("402", None, Verdict.DOWN),
        ("403", None, Verdict.BUSY),
        ("410", None, Verdict.DOWN),
        ("411", None, Verdict.DOWN),
        ("412", None, Verdict.DOWN),
        ("500", None, Verdict.DOWN),
    ],
)
def test_every_documented_answer_of_aliyun(code: str, biz_code: str | None, verdict: Verdict) -> None:
    said, asked = asked_of("aliyun", lambda _: aliyun(code, biz_code))
    assert said is verdict
    (request,) = asked
    assert parse_qs(request.body.decode())["IdentifyNum"] == [NUMBER]
    assert parse_qs(request.body.decode())["UserName"] == [NAME]


@pytest.mark.parametrize(
    "status, code, verdict",
    [
        (400, "Throttling.User", Verdict.BUSY),
        (404, "InvalidAccessKeyId.NotFound", Verdict.DOWN),
        (400, "SignatureDoesNotMatch", Verdict.DOWN),
        (403, "Forbidden.RAM", Verdict.DOWN),
        (500, "InternalError", Verdict.DOWN),
        (503, "ServiceUnavailable", Verdict.DOWN),
    ],
)
def test_errors_of_aliyuns_gateway(status: int, code: str, verdict: Verdict) -> None:
    body = {"Code": code, "Message": f"{NUMBER} …", "RequestId": "1", "HostId": "h"}
    assert asked_of("aliyun", lambda _: Said(body, status))[0] is verdict


NONSENSE = [
    b"",
    b"null",
    b"[]",
    b"{",
    b"<html>",
    b'{"Response": null}',
    b'{"Response": {"Result": {}}}',
    b"\xff" * 99,
]


@pytest.mark.parametrize("kind", ["tencent", "aliyun"])
@pytest.mark.parametrize("status", [200, 502])
@pytest.mark.parametrize("body", NONSENSE)
def test_nonsense_means_down_and_never_right(kind: str, status: int, body: bytes) -> None:
    assert asked_of(kind, lambda _: Said(body, status))[0] is Verdict.DOWN


@pytest.mark.parametrize("kind", ["tencent", "aliyun"])
def test_a_service_that_is_away_means_down(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    assert provider(kind, f"http://127.0.0.1:{port}").check(NAME, NUMBER) is Verdict.DOWN


@pytest.mark.parametrize("kind", ["tencent", "aliyun"])
def test_a_service_that_never_answers_means_down_within_the_limit(kind: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert provider(kind, url).check(NAME, NUMBER) is Verdict.DOWN


@pytest.mark.parametrize("kind", ["tencent", "aliyun"])
def test_neither_name_nor_number_nor_secret_is_logged(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    answers = {
        "tencent": [tencent("0"), tencent(error="InternalError")],
        "aliyun": [aliyun("200", "1"), aliyun("500")],
    }
    for said in [*answers[kind], Said({"Code": "x", "Message": NUMBER}, 400), Said(b"", 502)]:
        asked_of(kind, lambda _, said=said: said)  # type: ignore[misc]
    assert not [r for r in caplog.records if any(s in r.getMessage() for s in (NAME, NUMBER, "a secret"))]


def test_the_default_is_the_committee_which_asks_nobody() -> None:
    made = provider_of(Place(Path(), Settings()))
    assert isinstance(made, Committee)
    assert made.check(NAME, NUMBER) is Verdict.SEE_PAPER


@pytest.mark.parametrize("kind", ["tencent", "aliyun"])
def test_a_library_that_is_not_installed_is_told_with_what_to_type(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, f"roomserver.identity.{kind}", None)
    with pytest.raises(ProviderMissingError, match=rf"studyroom\[server,{kind}\]"):
        provider(kind, "http://127.0.0.1:1")


def test_the_secret_may_lie_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\n")
    identity = Identity(provider="aliyun", key_id="k", key_secret_file=Path("secret"))
    assert Place(tmp_path, replace(Settings(), identity=identity)).identity_secret == "from a file"


@pytest.mark.parametrize(
    "toml, told",
    [
        ('[identity]\nprovider = "tencent"', "needs key_id"),
        ('[identity]\nprovider = "aliyun"\nkey_id = "k"', "needs key_id and key_secret"),
        ('[identity]\nprovider = "alipay"', "must be one of"),
        ('[identity]\nkey_secret = "s"\nkey_secret_file = "f"', "either"),
        ('[identity]\nendpoint = "ftp://x"', "an address"),
        ("[identity]\nleast_age = -1", "from 0 to 120"),
    ],
)
def test_a_faulty_setting_is_told(toml: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        read(Settings, toml, name="roomserver.toml")
