"""No secret is told in any test: whoever logs, records or publishes one fails, and all else passes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

TESTS = Path(__file__).parent
BEGINNING = """
import base64, logging, subprocess
from contextlib import suppress
from contract import audit, messages
from contract.codes import Codes, Kind, derive, issue, parse
from door.credentials import Broker, Credentials
from roomserver.storage.vault import new_token

KEY = bytes(range(32))
FORM = Codes()
log = logging.getLogger("door.a.place")

def row(**detail):
    audit.make(KEY, "d", log="0" * 16, seq=1, prev="0" * 64, at=1, clock="none", type="denied", detail=detail)

def logged(error):
    try:
        raise error
    except ValueError:
        log.exception("this went wrong")

def grouped(code):
    return f"{code[:4]} {code[4:7]} {code[7:]}"

def test_it(tmp_path):
    code = issue(KEY, "d", Kind.PHONE, "0427", 1, 14_000_000, FORM)
    credentials = Credentials(Broker("room", password="the broker's own"), "d", KEY, "a-token-of-the-door")
"""
TOLD = {
    "a typed code, in a log": 'typed = parse("0427719385", FORM); log.warning(typed.member + typed.otp)',
    "a typed code of a wrong length": 'with suppress(ValueError): parse("042771938", FORM)\n'
    '    log.error("042771938?")',
    "a typed code, spaced": 'parse("0427719385", FORM); log.warning("it was %s", grouped("0427719385"))',
    "half of a typed code": 'parse("0427719385", FORM); log.warning("otp=719385")',
    "an issued code": 'log.warning("%s", code.digits)',
    "the second one": 'log.warning("then [%s]", code.second)',
    "a code, in an exception": 'logged(ValueError(f"{code.digits} is wrong"))',
    "a code, in what caused it": 'logged_from = ValueError(code.digits); e = ValueError("no"); '
    "e.__cause__ = logged_from; logged(e)",
    "a code, in a row": "row(typed=code.digits)",
    "a code, deep in a row": 'row(all=[{"otp": code.second}])',
    "a code, in a signed message": 'messages.sign(KEY, "t", {"id": code.digits})',
    "a code, by a process": 'with (tmp_path / "out").open("wb") as out: '
    'subprocess.run(["echo", code.digits], stdout=out)',
    "a new token": 'log.warning("Bearer %s", new_token())',
    "a token in use": 'log.warning("Bearer %s", credentials.api_token)',
    "a password": 'log.warning("%s", credentials.mqtt.password)',
    "the door key, in hex": 'log.warning("%s", KEY.hex())',
    "the door key, in base64": 'log.warning("%s", base64.b64encode(KEY).decode())',
    "the door key, as bytes": 'log.warning("%r", KEY)',
    "a derived key": 'log.warning("%s", messages.report_key(KEY, "d").hex())',
    "a secret of a member": 'row(uri=base64.b32encode(derive(KEY, "d", "staff", "0427", 1)).decode())',
}
SILENT = {
    "a member": 'parse("0427719385", FORM); log.warning("0427 came at 1790000000"); row(member="0427")',
    "numbers": 'parse("0427719385", FORM); row(at=719385, seq=719385); log.warning("7193850 and 1.719385")',
    "other words": 'log.warning("no code, no %s", credentials); row(text=repr(code))',
    "a hash and a mac": 'row(); messages.sign(KEY, "t", {"prev": "0" * 64}); log.warning("719385abcdef")',
    "a pipe": 'subprocess.run(["echo", code.digits], capture_output=True)',
}


@pytest.fixture
def run(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with the fixture in its conftest."""
    (pytester.path / "secrecy.py").write_text((TESTS / "secrecy.py").read_text("utf-8"), "utf-8")
    pytester.makeconftest('pytest_plugins = ["secrecy"]')
    return pytester


def files(run: pytest.Pytester, bodies: dict[str, str]) -> list[str]:
    """A file of one test for each body."""
    for number, body in enumerate(bodies.values()):
        (run.path / f"test_{number}.py").write_text(f"{BEGINNING}    {body}\n", "utf-8")
    return [f"test_{number}.py::test_it" for number in range(len(bodies))]


def test_whoever_tells_a_secret_fails(run: pytest.Pytester) -> None:
    """Each by itself, although what was told before it passed; and the failure tells it to nobody."""
    tests = files(run, TOLD)
    result = run.runpytest_subprocess("-q", "-rE", "--show-capture=no", "--tb=short")
    result.assert_outcomes(passed=len(TOLD), errors=len(TOLD))
    words = [line for line in result.outlines if line.startswith("A secret was told") or " in " in line]
    assert all("0427719385" not in line and "a-token-of-the-door" not in line for line in words)
    assert [test for test in tests if f"ERROR {test}" not in result.stdout.str()] == []


def test_who_tells_none_passes(run: pytest.Pytester) -> None:
    """Member numbers, times, counts, hashes and what shows no digits."""
    tests = files(run, SILENT)
    run.runpytest_subprocess("-q").assert_outcomes(passed=len(tests))


def test_a_payload_is_read_as_it_is_published(run: pytest.Pytester) -> None:
    """Whatever made it, and whether or not there is a broker."""
    client = "import paho.mqtt.client as mqtt\nfrom paho.mqtt.enums import CallbackAPIVersion\n"
    publish = "client = mqtt.Client(CallbackAPIVersion.VERSION2); client.publish('studyroom/d/cue', {})"
    told = client + BEGINNING + "    " + publish.format("'{\"type\": \"' + code.digits + '\"}'")
    silent = client + BEGINNING + "    " + publish.format(json.dumps('{"type": "wrong", "at": 1790000000}'))
    (run.path / "test_told.py").write_text(told + "\n", "utf-8")
    (run.path / "test_silent.py").write_text(silent + "\n", "utf-8")
    result = run.runpytest_subprocess("-q", "-rE")
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["ERROR test_told.py::test_it*"])


def test_it_watches_these_tests_too(request: pytest.FixtureRequest) -> None:
    """Nobody has to ask for it."""
    assert "no_secret_is_told" in request.fixturenames
