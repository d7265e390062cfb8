"""The machine that QEMU is. A guest that was kept can only go on in the same one.

Its clock counts instructions, one a nanosecond: that is about a Pi's pace, and however busy the host is,
nothing that runs in the guest is late for it. While the guest idles its clock is the host's, so that a disk
takes the time that it takes; a host that stalls then makes it jump.
"""

from __future__ import annotations

from pathlib import Path

# No clock chip, as on a Pi before the 5. A panic stays one: only the watchdog ends it.
KERNEL = (
    "console=ttyS0 quiet loglevel=4 panic=0 systemd.show_status=0 initcall_blacklist=cmos_init"
    " {grounded} {more}"
)


def machine(place: Path, folder: Path) -> list[str]:
    """The command: kernel from ``place``; sockets, console and the witness of the relay in ``folder``."""
    words = f"""
    qemu-system-x86_64 -machine q35 -accel tcg,thread=single -icount shift=0,sleep=on
    -cpu max -m 512 -smp 1 -nodefaults -display none
    -kernel {place}/vmlinuz -initrd {place}/initrd
    -chardev file,id=console,path={folder}/console,append=on -serial chardev:console
    -chardev socket,id=hands,path={folder}/hands,server=on,wait=off -serial chardev:hands
    -chardev file,id=relay,path={folder}/relay,append=on -device isa-debugcon,iobase=0xe9,chardev=relay
    -drive if=none,id=disk,file=nbd:unix:{folder}/disk.nbd,format=raw,cache=writeback
    -device virtio-blk-pci,drive=disk -device virtio-rng-pci
    -device i6300esb -action watchdog=reset
    -qmp unix:{folder}/monitor,server=on,wait=off
    """
    return words.split()
