"""Building the native kernel: with a compiler, without one, and with one that fails."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.plugins.kernels.compiling import EMULATE, EMULATED, PLUGIN, compile_native

DRIVER = Path(__file__).with_name("native_driver.cpp")
SANITIZERS = ["-O1", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
ARM = {
    "compiler": "aarch64-linux-gnu-g++",
    "disassembler": "aarch64-linux-gnu-objdump",
    "emulator": "qemu-aarch64",
}
pytestmark = pytest.mark.gate
compiled = pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
arm = pytest.mark.skipif(
    not all(map(shutil.which, ARM.values())),
    reason=f"one of these is missing: {', '.join(ARM.values())}",
)


@pytest.fixture
def plugin(tmp_path: Path) -> Path:
    """A copy of the plugin's folder."""
    skipped = shutil.ignore_patterns("build", "native.so", "not_built.txt", "__pycache__")
    return shutil.copytree(PLUGIN, tmp_path / "kernels", ignore=skipped)


def wheel(plugin: Path, **environment: str) -> ZipFile:
    """The wheel of the plugin."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", "dist"]
    subprocess.run(command, cwd=plugin, env=os.environ | environment, check=True)
    (path,) = (plugin / "dist").iterdir()
    return ZipFile(path)


def package(archive: ZipFile) -> set[str]:
    """The names of the package's files that are not sources."""
    names = {Path(name) for name in archive.namelist() if name.startswith("zoo_kernels/")}
    return {path.name for path in names if path.suffix != ".py" and path.name != "py.typed"}


def test_without_a_compiler_the_install_succeeds_and_names_the_reason(plugin: Path) -> None:
    archive = wheel(plugin, PATH=str(plugin / "nowhere"))
    assert Path(str(archive.filename)).name.endswith("-py3-none-any.whl")
    assert package(archive) == {"not_built.txt"}
    message = archive.read("zoo_kernels/not_built.txt").decode()
    assert message == "there is no C++ compiler: c++, g++ or clang++\n"


def test_the_install_succeeds_with_the_message_of_a_compiler_that_fails(plugin: Path) -> None:
    compiler = plugin / "broken-compiler"
    compiler.write_text("#!/bin/sh\necho out of order >&2\nexit 1\n")
    compiler.chmod(0o755)
    archive = wheel(plugin, CXX=str(compiler))
    assert package(archive) == {"not_built.txt"}
    assert archive.read("zoo_kernels/not_built.txt") == b"out of order\n"


def test_a_message_that_is_not_utf_8_does_not_stop_the_install(plugin: Path) -> None:
    compiler = plugin / "broken-compiler"
    compiler.write_bytes(b"#!/bin/sh\nprintf 'caf\\351' >&2\nexit 1\n")
    compiler.chmod(0o755)
    archive = wheel(plugin, CXX=str(compiler))
    assert archive.read("zoo_kernels/not_built.txt").decode() == "caf\ufffd\n"


def test_the_install_succeeds_where_nothing_can_be_written(plugin: Path) -> None:
    for name in ("native.so", "not_built.txt"):  # not even root removes these as files
        (plugin / "src" / "zoo_kernels" / name / "kept").mkdir(parents=True)
    assert package(wheel(plugin)) == set()


@compiled
@pytest.mark.slow
def test_one_wheel_serves_every_python_and_torch_of_a_platform(plugin: Path) -> None:
    archive = wheel(plugin)
    machine = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    assert Path(str(archive.filename)).name.endswith(f"-py3-none-{machine}.whl")
    assert package(archive) == {"native.so"}
    library = archive.read("zoo_kernels/native.so")
    assert b"Py_" not in library
    assert b"libtorch" not in library


def driver(folder: Path, *flags: str, levels: dict[str, str] | None = None, **env: str) -> Path:
    """Compiles the program that checks every recurrence, at every level of the compiler."""
    return compile_native(folder, "driver", flags, [DRIVER], levels, **env)


def drive(*command: str | Path, **environment: str) -> None:
    """Runs it with several threads."""
    variables = os.environ | {"OMP_NUM_THREADS": "3"} | environment
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "recurrences" in done.stdout


@compiled
@pytest.mark.slow
@pytest.mark.parametrize("emulated", [False, True], ids=["here", "emulated"])
def test_every_recurrence_stays_in_its_buffers_and_equals_plain_loops(
    tmp_path: Path, emulated: bool
) -> None:
    if emulated:
        built = driver(tmp_path, *SANITIZERS, EMULATE, levels=EMULATED)
    else:
        built = driver(tmp_path, *SANITIZERS)
    # OpenMP's threads live as long as the program, which looks like a leak
    drive(built, ASAN_OPTIONS="detect_leaks=0")


@arm
@pytest.mark.slow
def test_on_arm_products_use_neon_and_equal_plain_loops(tmp_path: Path) -> None:
    built = driver(tmp_path, "-static", CXX=ARM["compiler"])
    code = str(tmp_path / "build" / "baseline.o")
    command = [ARM["disassembler"], "-dC", "--no-show-raw-insn", code]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for real, lanes in (("float", "4s"), ("double", "2d")):
        products = [
            function
            for function in listing.split("\n\n")
            if f"FullPrecision<{real}>::product" in function
        ]
        assert any(re.search(rf"\tfmla\tv\d+\.{lanes}, ", function) for function in products), real
    drive(ARM["emulator"], built)


def test_on_windows_only_a_compiler_that_is_named_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    find_compiler = runpy.run_path(str(PLUGIN / "hatch_build.py"))["find_compiler"]
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(FileNotFoundError, match="only a compiler that CXX names"):
        find_compiler("win32")
    monkeypatch.setenv("CXX", r'"C:\Program Files\mingw64\bin\g++.exe" -m64')
    assert find_compiler("win32") == [r"C:\Program Files\mingw64\bin\g++.exe", "-m64"]
    monkeypatch.setenv("CXX", "ccache g++")
    assert find_compiler("linux") == ["ccache", "g++"]
