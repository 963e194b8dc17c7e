"""The native kernel on a processor that Bochs emulates, with AVX-512, bfloat16 and AMX.

The test needs Debian 13 with the packages bochs, bochs-term, bochsbios, vgabios, isolinux,
syslinux-common and xorriso, and a kernel of version 6.15 or newer, such as that of trixie-backports
(linux-image-cloud-amd64). ``ZOO_BOCHS`` sets another command for the emulator, and
``ZOO_BOCHS_KERNEL`` another image of the kernel.
"""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

import pytest

from tests.plugins.kernels.compiling import compile_native
from tests.plugins.kernels.emulation import emulate, missing_requirement

DRIVER, INIT = (Path(__file__).with_name(f"native_{name}.cpp") for name in ("driver", "init"))
LEVELS = ["baseline", "avx2", "avx512", "avx512_bf16", "amx_bf16"]


@pytest.mark.slow
def test_recurrences_of_every_level_equal_plain_loops(tmp_path: Path) -> None:
    if reason := missing_requirement():
        pytest.skip(reason)
    driver = compile_native(tmp_path, "driver", ["-static", "-DZOO_SLOW"], [DRIVER])
    init = tmp_path / "init"
    compiler = shlex.split(os.environ.get("CXX", "c++"))
    subprocess.run([*compiler, "-static", INIT, "-o", init], check=True)
    lines = emulate(tmp_path, "sapphire_rapids", {"init": init, "driver": driver})
    output = "\n".join(lines)
    assert [line.split(":")[0] for line in lines if line.endswith(" recurrences")] == LEVELS, output
    assert "ended: 0" in lines, output
