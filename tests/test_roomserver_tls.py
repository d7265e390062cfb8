"""TLS on both ways: a door enrols and asks over it, the subscriber speaks it; a wrong broker is told once."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from pathlib import Path

import pytest
from certificates import Authority, Pair
from patience import until
from serving import RoomServer, mosquitto, room_server

from door.enroll import EnrollError, enroll
from roomserver.settings import Http, Mqtt, Settings


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Who signs the certificates."""
    return Authority(tmp_path)


@pytest.fixture
def pair(authority: Authority) -> Pair:
    """A certificate for loopback that is valid today."""
    today = dt.datetime.now(dt.UTC)
    return authority.issue("server", today - dt.timedelta(days=1), today + dt.timedelta(days=9))


def test_a_door_enrols_over_tls(tmp_path: Path, authority: Authority, pair: Pair) -> None:
    settings = Settings(http=Http(certificate=pair.cert, private_key=pair.key))
    with room_server(tmp_path / "server", settings=settings) as server:
        url = server.url.replace("http:", "https:")
        with pytest.raises(EnrollError):
            enroll(url, server.add_door("front"), "front", None)  # nobody we know signed it
        assert len(enroll(url, server.add_door("front"), "front", authority.file)["door_key"]) == 64


def test_the_subscriber_speaks_tls_and_says_so_to_the_door(
    tmp_path: Path, authority: Authority, pair: Pair
) -> None:
    settings = Settings(mqtt=Mqtt(tls=True, ca_file=authority.file, broker="external"))
    with (
        mosquitto(tmp_path / "broker", pair=pair) as broker,
        room_server(tmp_path / "server", broker, settings) as server,
    ):
        assert server.enroll("front")["mqtt"]["tls"]
        log = broker.folder / "mosquitto.log"
        until(lambda: "u'roomserver'" in log.read_text())


def test_a_broker_nobody_vouches_for_is_not_spoken_to(tmp_path: Path, pair: Pair) -> None:
    (tmp_path / "other").mkdir()
    other = Authority(tmp_path / "other", "other")
    settings = Settings(mqtt=Mqtt(tls=True, ca_file=other.file, broker="external"))
    with (
        mosquitto(tmp_path / "broker", pair=pair) as broker,
        room_server(tmp_path / "server", broker, settings) as server,
    ):
        log = broker.folder / "mosquitto.log"
        until(lambda: "New connection" in log.read_text())
        assert server.stop() == 0
        assert "u'roomserver'" not in log.read_text()
        assert "certificate verify failed" in server.log()


def test_a_broker_that_refuses_the_password_is_told_once_and_the_doors_are_served(tmp_path: Path) -> None:
    with mosquitto(tmp_path / "broker") as broker:
        wrong = Settings(mqtt=replace(Mqtt(broker="external"), password="wrong"))
        server = RoomServer(tmp_path / "server", broker, wrong)
        server.start()
        try:
            until(lambda: "refuses this server" in server.log())
            log = broker.folder / "mosquitto.log"
            tries = log.read_text().count("not authorised")
            until(lambda: log.read_text().count("not authorised") >= tries + 2, 15)
            assert server.log().count("refuses this server") == 1
            assert "wrong" not in server.log()
            assert server.enroll("front")["door_key"]
            assert server.stop() == 0
        finally:
            server.kill()
