"""The native kernel's instructions on a processor that Bochs emulates: AVX-512, bfloat16, tiles.

They need Debian 13 with the packages bochs, bochs-term, bochsbios, vgabios, isolinux,
syslinux-common and xorriso, and a kernel not older than 6.15, as trixie-backports has it
(linux-image-cloud-amd64). Elsewhere ``ZOO_BOCHS`` names the emulator's command, and
``ZOO_BOCHS_KERNEL`` the image of the kernel.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.plugins.compiling import compile_native
from tests.plugins.emulation import emulate, lacking

DRIVER, INIT = (Path(__file__).with_name(f"native_{name}.cpp") for name in ("driver", "init"))
LEVELS = ["baseline", "avx2", "avx512", "avx512_bf16", "amx_bf16"]


@pytest.mark.slow
def test_sweeps_of_every_level_find_what_plain_loops_do(tmp_path: Path) -> None:
    if reason := lacking():
        pytest.skip(reason)
    driver = compile_native(tmp_path, "driver", ["-static", "-DZOO_SLOW"], [DRIVER])
    init = tmp_path / "init"
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    subprocess.run([*compiler, "-static", INIT, "-o", init], check=True)
    lines = emulate(tmp_path, "sapphire_rapids", {"init": init, "driver": driver})
    said = "\n".join(lines)
    assert [line.split(":")[0] for line in lines if line.endswith(" recurrences")] == LEVELS, said
    assert "ended: 0" in lines, said
