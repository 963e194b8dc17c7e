"""Compiles the C++ of this plugin; where that fails, the install goes on and says why."""

import os
import platform
import re
import shlex
import shutil
import subprocess
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY, EXCUSE = "native.so", "not_built.txt"
FLAGS = shlex.split(
    "-std=gnu++17 -O3 -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti "
    "-fno-math-errno -fno-trapping-math -ffp-contract=fast -Wall -Wextra -Wno-psabi"
)
LEVELS = {  # of instructions, and how many bytes one of their registers has
    "baseline": (16, ""),
    "avx2": (32, "-mavx2 -mfma"),
    "avx512": (64, "-mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512"),
}


class CompilerHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if self.target_name != "wheel":
            return  # an sdist carries the sources
        root = Path(self.root)
        package, build = root / "src" / "zoo_kernels", root / "build"
        for name in (LIBRARY, EXCUSE):
            (package / name).unlink(missing_ok=True)
        try:
            compile_library(root / "cpp", build, package / LIBRARY)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            (package / EXCUSE).write_text(f"{said.strip()}\n", "utf-8")
            self.app.display_warning(f"zoo-kernels stays without native code: {said}")
            build_data["artifacts"].append(f"src/zoo_kernels/{EXCUSE}")
            return
        build_data["artifacts"].append(f"src/zoo_kernels/{LIBRARY}")
        build_data["pure_python"] = False
        machine = re.sub(r"[^a-z0-9_]", "_", sysconfig.get_platform().lower())
        build_data["tag"] = f"py3-none-{machine}"


def compile_library(sources, build, target, flags=(), programs=()):
    """One object for each level of instructions, side by side; OpenMP where the compiler has it.

    Makes a library, or of a program's sources that program.
    """
    build.mkdir(exist_ok=True)
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    levels = {name: each for name, each in LEVELS.items() if x86 or name == "baseline"}
    compiler = find_compiler()
    common = [*compiler, *FLAGS, *flags, *openmp(compiler, build)]
    jobs = {
        name: [*shlex.split(extra), f"-DZOO_LEVEL={name}", f"-DZOO_BYTES={size}", "sweep.cpp"]
        for name, (size, extra) in levels.items()
    }
    jobs["dispatch"] = [*(["-DZOO_X86"] if x86 else []), "dispatch.cpp"]
    jobs["text"] = ["text.cpp"]
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        done = [
            pool.submit(call, [*common, "-c", *job, "-o", str(build / f"{name}.o")], sources)
            for name, job in jobs.items()
        ]
        for each in done:
            each.result()
    objects = [str(build / f"{name}.o") for name in jobs]
    kind = ["-I.", *programs] if programs else ["-shared"]
    call([*common, *kind, *objects, "-o", str(build / LIBRARY)], sources)
    shutil.copy(build / LIBRARY, target)


def find_compiler():
    """``CXX`` if it is set, else the first that is there."""
    chosen = os.environ.get("CXX")
    if chosen is not None:
        return shlex.split(chosen) or refuse("CXX is empty")
    found = next((path for path in map(shutil.which, ("c++", "g++", "clang++")) if path), None)
    return [found] if found else refuse("there is no C++ compiler: c++, g++ or clang++")


def refuse(reason):
    raise FileNotFoundError(reason)


def openmp(compiler, build):
    """The flag for threads, if a program can be linked with it."""
    probe = build / "probe.cpp"
    probe.write_text("#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n")
    try:
        call([*compiler, "-fopenmp", str(probe), "-o", str(build / "probe")], build)
    except subprocess.CalledProcessError:
        return []
    return ["-fopenmp"]


def call(command, folder):
    subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
