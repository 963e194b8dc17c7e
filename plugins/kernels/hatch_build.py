"""Compiles the C++ of this plugin; where that fails, the install goes on and says why."""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY, EXCUSE = "native.so", "not_built.txt"
FLAGS = shlex.split(
    "-std=gnu++17 -O2 -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti "
    "-fno-math-errno -fno-trapping-math -ffp-contract=fast -Wall -Wextra -Wno-psabi"
)
WIDE = "-mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512"
HALVES = f"halves.cpp -O3 -DZOO_BYTES=64 {WIDE} -mavx512bf16"  # -O3 for loops that round
LEVELS = {  # of instructions, each better than the one before: what to compile, and how
    "baseline": "sweep.cpp -DZOO_BYTES=16",
    "avx2": "sweep.cpp -DZOO_BYTES=32 -mavx2 -mfma",
    "avx512": f"sweep.cpp -DZOO_BYTES=64 {WIDE}",
    "avx512_bf16": f"{HALVES} -DZOO_TILES=0",
    "amx_bf16": f"{HALVES} -DZOO_TILES=1 -mamx-tile -mamx-bf16",
}
NEWEST = {
    "-mavx512bf16": "vdpbf16ps %zmm2, %zmm1, %zmm0",
    "-mamx-bf16": "tdpbf16ps %tmm2, %tmm1, %tmm0",
}


class CompilerHook(BuildHookInterface):
    def initialize(self, version, build_data):
        if self.target_name != "wheel":
            return  # an sdist carries the sources
        root = Path(self.root)
        package, build = root / "src" / "zoo_kernels", root / "build"
        try:
            for name in (LIBRARY, EXCUSE):
                (package / name).unlink(missing_ok=True)
            compile_library(root / "cpp", build, package / LIBRARY)
        except (OSError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            self.app.display_warning(f"zoo-kernels stays without native code: {said}")
            with suppress(OSError):  # the sources may be where nothing can be written
                (package / EXCUSE).write_text(f"{said.strip()}\n", "utf-8")
                build_data["artifacts"].append(f"src/zoo_kernels/{EXCUSE}")
            return
        build_data["artifacts"].append(f"src/zoo_kernels/{LIBRARY}")
        build_data["pure_python"] = False
        machine = re.sub(r"[^a-z0-9_]", "_", sysconfig.get_platform().lower())
        build_data["tag"] = f"py3-none-{machine}"


def compile_library(sources, build, target, flags=(), programs=(), levels=None):
    """One object for each level of instructions, side by side; OpenMP where the compiler has it.

    Makes a library, or of a program's sources that program. Levels that the compiler does not know
    are left out.
    """
    build.mkdir(exist_ok=True)
    compiler = find_compiler()
    x86 = target_of(compiler).startswith(("x86_64", "amd64"))
    levels = levels or (LEVELS if x86 else {"baseline": LEVELS["baseline"]})
    levels = {
        n: each
        for n, each in levels.items()
        if compiles(compiler, build, options(each), probe(each))
    }
    common = [*compiler, *FLAGS, *flags, *openmp(compiler, build)]
    jobs = {n: [f"-DZOO_LEVEL={n}", *shlex.split(each)] for n, each in levels.items()}
    jobs["dispatch"] = [
        f"-DZOO_BUILT={named(levels, 'sweep.cpp')}",
        f"-DZOO_BUILT_HALVES={named(levels, 'halves.cpp')}",
        "dispatch.cpp",
    ]
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


def target_of(compiler):
    """What it compiles for, which may be another machine than this."""
    return call([*compiler, "-dumpmachine"], None).stdout.lower()


def refuse(reason):
    raise FileNotFoundError(reason)


def options(level):
    """The flags that a level's instructions need."""
    return [each for each in shlex.split(level) if each.startswith("-m")]


def probe(flags):
    """A program with the newest instructions, which an old assembler may not know."""
    lines = (f'__asm__("{line}");' for flag, line in NEWEST.items() if flag in flags)
    return f"int main() {{ {' '.join(lines)} }}\n"


def named(levels, source):
    """The levels of a source, as the preprocessor takes them."""
    return " ".join(f"EACH({name})" for name, each in levels.items() if each.startswith(source))


def openmp(compiler, build):
    """The flag for threads, if a program can be linked with it."""
    source = "#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n"
    return ["-fopenmp"] if compiles(compiler, build, ["-fopenmp"], source) else []


def compiles(compiler, build, flags, source):
    """Whether a small program becomes one."""
    program = build / "probe.cpp"
    program.write_text(source)
    try:
        call([*compiler, *flags, str(program), "-o", str(build / "probe")], build)
    except subprocess.CalledProcessError:
        return False
    return True


def call(command, folder):
    how = {"text": True, "errors": "replace"}  # compilers speak the user's language
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, **how)
