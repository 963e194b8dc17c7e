"""A machine that Bochs emulates: Linux, one program, and its output."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

EMULATOR = os.environ.get("ZOO_BOCHS", "bochs")
"""The emulator's command."""
KERNEL = Path(os.environ.get("ZOO_BOCHS_KERNEL", "/vmlinuz"))
"""An image of Linux 6.15 or newer."""
LOADER = (
    Path("/usr/lib/ISOLINUX/isolinux.bin"),
    Path("/usr/lib/syslinux/modules/bios/ldlinux.c32"),
)
XFD = 10 * 32 + 4
"""The number, in Linux, of the processor feature XFD, without which Linux permits no tiles.

Bochs does not have it, so a boot option claims it. XFD reports a thread's first use of tiles;
without it, Linux does not save the tiles of a thread while another one runs.
"""
COMMAND_LINE = f"console=ttyS0 loglevel=1 panic=-1 reboot=triple setcpuid={XFD} nokaslr no5lvl"
MACHINE = """\
display_library: term
cpu: model={model}, ips=20000000, reset_on_triple_fault=0
memory: guest=512, host=512
romimage: file=$BXSHARE/BIOS-bochs-latest
vgaromimage: file=$BXSHARE/VGABIOS-lgpl-latest
ata0-master: type=cdrom, path=boot.iso, status=inserted
boot: cdrom
com1: enabled=1, mode=file, dev=console
log: log
panic: action=fatal
info: action=ignore
"""


def missing_requirement() -> str:
    """What is missing to emulate a machine; empty if nothing is."""
    if shutil.which(EMULATOR) is None:
        return f"there is no emulator {EMULATOR}: see ZOO_BOCHS"
    completed = subprocess.run([EMULATOR, "--version"], capture_output=True, text=True, check=False)
    # with Debian's build of 3.1, Linux fails early in its start with a division by zero
    if not re.search(r"Emulator 3\.0", completed.stdout + completed.stderr):
        return f"the emulator {EMULATOR} is not Bochs 3.0"
    if not KERNEL.exists():
        return f"there is no kernel {KERNEL}: see ZOO_BOCHS_KERNEL"
    if shutil.which("xorriso") is None or not all(map(Path.exists, LOADER)):
        return "xorriso or isolinux is missing"
    return ""


def emulate(folder: Path, model: str, programs: dict[str, Path]) -> list[str]:
    """Runs a machine with such a processor, and returns the lines of its console.

    Its first program is the one named init, which ends the machine by a restart.
    """
    disc = folder / "disc"
    disc.mkdir()
    (disc / "initrd").write_bytes(archive(programs))
    shutil.copy(KERNEL, disc / "linux")
    for path in LOADER:
        shutil.copy(path, disc)
    (disc / "isolinux.cfg").write_text(f"DEFAULT linux initrd=initrd {COMMAND_LINE}\n")
    boots = "-b isolinux.bin -c boot.cat -no-emul-boot -boot-load-size 4 -boot-info-table"
    command = ["xorriso", "-as", "mkisofs", "-quiet", "-o", "boot.iso", *boots.split(), "disc"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    (folder / "bochsrc").write_text(MACHINE.format(model=model))
    command = [EMULATOR, "-q", "-f", "bochsrc"]
    nothing = subprocess.DEVNULL  # it reads keys and draws a screen
    variables = os.environ | {"TERM": "vt100"}
    # check=False: the restart of the machine ends the emulator with an error
    subprocess.run(
        command, cwd=folder, stdin=nothing, stdout=nothing, env=variables, check=False, timeout=3600
    )
    return (folder / "console").read_text("utf-8", "replace").splitlines()


def archive(programs: dict[str, Path]) -> bytes:
    """The archive of Linux's first files, in the format ``cpio --format newc``."""
    packed = b""
    for name, path in [*programs.items(), ("TRAILER!!!", Path(os.devnull))]:
        data = path.read_bytes()
        fields = [0, 0o100755, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name) + 1, 0]
        packed += b"070701" + b"".join(b"%08x" % field for field in fields) + name.encode() + b"\0"
        packed += bytes(-len(packed) % 4) + data
        packed += bytes(-len(packed) % 4)
    return packed
