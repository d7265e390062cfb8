"""Fifty power cuts in the middle of a busy door: what was shown at the door is still on the disk."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
from pathlib import Path

import pytest

from contract.codes import Kind
from tests.patience import until
from tests.rig.conftest import Figure
from tests.rig.cuts import Shown, kept, lost, unplugged
from tests.rig.guest import Guest
from tests.rig.visitor import CODES, Visitor

pytestmark = pytest.mark.timeout(4 * 3600)
CUTS = int(os.environ.get("RIG_CUTS", "50"))
CARELESS_CUTS = 5
SEED = 2026


def series(place: Path, folder: Path, cuts: int) -> tuple[list[list[str]], list[Shown]]:
    """So many cuts: what each lost, and what had been shown before it."""
    rng, losses, before = random.Random(SEED), [], []
    for n in range(cuts):
        with unplugged(place, folder / f"cut-{n}", rng) as (guest, shown):
            found = kept(guest, place, folder / f"cut-{n}")
            losses.append(lost(shown, found))
            before.append(shown)
    return losses, before


def test_no_cut_of_the_power_takes_what_was_shown(place: Path, tmp_path: Path, figure: Figure) -> None:
    """Each sector that was not flushed is there or not; whoever was let in and what was guessed is there."""
    losses, before = series(place, tmp_path, CUTS)
    assert [several for several in losses if several] == []
    entries, guesses = sum(shown.entries for shown in before), sum(shown.guesses for shown in before)
    excused, waited = sum(shown.excused for shown in before), sum(shown.waited > 0 for shown in before)
    assert entries > 2 * CUTS
    assert excused < entries / 4
    told = f"{waited} into unflushed writes; {entries} entries, {guesses} wrong guesses shown before"
    figure(f"{CUTS} power cuts with torn writes", f"{told}, {excused} records late; lost: 0", "lost: 0")


def test_after_a_cut_the_same_code_opens_no_more(place: Path, tmp_path: Path) -> None:
    """The door boots from what the cut left; others come in, and the server gets every row once."""
    with unplugged(place, tmp_path / "cut", random.Random(SEED)) as (guest, shown):
        visitor = Visitor(guest, place)
        used = shown.codes["0001"]
        guest.boot(clock=CODES.begin(Kind.PHONE, used.step))
        guest.armed()
        until(lambda: visitor.status()["health"]["clock"]["trusted"], 240, 3)
        visitor.until_seen(used.digits, lambda: "used-code" in [row["reason"] for row in visitor.rows()])
        assert guest.relay()[-1] == []
        visitor.enters("0500")
        visitor.until_all_arrived()


def test_a_careless_door_is_found_out(off: Guest, place: Path, tmp_path: Path, figure: Figure) -> None:
    """With ``synchronous = NORMAL`` the same cuts lose rows: so the rig can tell."""
    careless = tmp_path / "careless"
    careless.mkdir()
    off.resume()
    schema = "/opt/studyroom/.venv/lib/python3*/site-packages/door/schema.py"
    off.shell(f"sed -i 's/synchronous = FULL/synchronous = NORMAL/' {schema}; grep '= NORMAL' {schema}")
    off.shell("systemctl restart door", 300)
    off.armed()
    until(lambda: '"source": "server"' in off.shell("door status --json"), 240, 3)
    for name in ("vmlinuz", "initrd", "door.json"):
        shutil.copy(place / name, careless / name)
    subprocess.run(["cp", "--sparse=always", place / "disk.img", careless / "disk.img"], check=True)
    off.keep(careless)
    losses, _ = series(careless, tmp_path, CARELESS_CUTS)
    hurt = sum(map(bool, losses))
    assert hurt
    what = f"{CARELESS_CUTS} power cuts with torn writes, synchronous = NORMAL"
    figure(what, f"{hurt} lost something", "some")
