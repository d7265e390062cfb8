"""The machine that QEMU is. A guest that was kept can only go on in the same one.

Its clock counts instructions, one a nanosecond: that is about a Pi's pace, and however busy the host is,
nothing that runs in the guest is late for it. While the guest idles its clock is the host's, so that a disk
takes the time that it takes; a host that stalls then makes it jump.
"""

from __future__ import annotations

import os
from pathlib import Path

ARCH = os.environ.get("RIG_ARCH", "amd64")

# The machine, with a serial line for the hands and a port for the witness; and what its kernel is told.
QEMU, PARTS, TOLD = {
    "amd64": (  # without its clock chip, as a Pi before the 5
        "qemu-system-x86_64",
        """-machine q35 -cpu max -serial chardev:console -serial chardev:hands
        -device isa-debugcon,iobase=0xe9,chardev=relay""",
        "console=ttyS0 initcall_blacklist=cmos_init",
    ),
    "arm64": (  # a Pi 3's processor, without QEMU's own pins; the cards are ttyS0, at that port, and ttyS1
        "qemu-system-aarch64",
        """-machine virt -cpu cortex-a53 -serial chardev:console
        -device pci-serial,chardev=relay -device pci-serial,chardev=hands""",
        "console=ttyAMA0 wires.witness=0x10a0 initcall_blacklist=pl061_gpio_driver_init",
    ),
}[ARCH]

# A panic stays one: only the watchdog ends it.
KERNEL = f"{TOLD} quiet loglevel=4 panic=0 systemd.show_status=0 {{grounded}} {{more}}"


def machine(place: Path, folder: Path) -> list[str]:
    """The command: kernel from ``place``; sockets, console and the witness of the relay in ``folder``."""
    words = f"""
    {QEMU} -accel tcg,thread=single -icount shift=0,sleep=on -m 512 -smp 1 -nodefaults -display none
    -kernel {place}/vmlinuz -initrd {place}/initrd
    -chardev file,id=console,path={folder}/console,append=on
    -chardev socket,id=hands,path={folder}/hands,server=on,wait=off
    -chardev file,id=relay,path={folder}/relay,append=on
    {PARTS}
    -drive if=none,id=disk,file=nbd:unix:{folder}/disk.nbd,format=raw,cache=writeback
    -device virtio-blk-pci,drive=disk -device virtio-rng-pci
    -device i6300esb -action watchdog=reset
    -qmp unix:{folder}/monitor,server=on,wait=off
    """
    return words.split()
