"""Compiles the C++ of this plugin. If that fails, the install succeeds and records the reason."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY, BUILD_ERROR = "native.so", "not_built.txt"
FLAGS = shlex.split(
    "-std=gnu++17 -O2 -fPIC -fvisibility=hidden -fno-exceptions -fno-rtti "
    "-fno-math-errno -fno-trapping-math -ffp-contract=fast -Wall -Wextra -Wno-psabi"
)
FULL_PRECISION, BF16 = "recurrence.cpp", "recurrence_bf16.cpp"
AVX512 = "-mavx512f -mavx512dq -mavx512vl -mavx512bw -mfma -mprefer-vector-width=512"
AVX512_BF16 = f"{BF16} -O3 -DZOO_VECTOR_BYTES=64 {AVX512} -mavx512bf16"  # -O3: rounding loops
LEVELS = {  # instruction sets, each better than the one before: source file and flags
    "baseline": f"{FULL_PRECISION} -DZOO_VECTOR_BYTES=16",
    "avx2": f"{FULL_PRECISION} -DZOO_VECTOR_BYTES=32 -mavx2 -mfma",
    "avx512": f"{FULL_PRECISION} -DZOO_VECTOR_BYTES=64 {AVX512}",
    "avx512_bf16": f"{AVX512_BF16} -DZOO_AMX=0",
    "amx_bf16": f"{AVX512_BF16} -DZOO_AMX=1 -mamx-tile -mamx-bf16",
}
NEWEST_INSTRUCTIONS = {
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
            for name in (LIBRARY, BUILD_ERROR):
                (package / name).unlink(missing_ok=True)
            compile_library(root / "cpp", build, package / LIBRARY)
        except (OSError, subprocess.CalledProcessError) as error:
            message = getattr(error, "stderr", None) or str(error)
            self.app.display_warning(f"zoo-kernels is installed without native code: {message}")
            with suppress(OSError):  # the sources may lie in a read-only folder
                (package / BUILD_ERROR).write_text(f"{message.strip()}\n", "utf-8")
                build_data["artifacts"].append(f"src/zoo_kernels/{BUILD_ERROR}")
            return
        build_data["artifacts"].append(f"src/zoo_kernels/{LIBRARY}")
        build_data["pure_python"] = False
        platform = re.sub(r"[^a-z0-9_]", "_", sysconfig.get_platform().lower())
        build_data["tag"] = f"py3-none-{platform}"


def compile_library(sources, build, target, flags=(), programs=(), levels=None):
    """Compiles one object per level, in parallel, and links them to a library.

    Uses OpenMP if the compiler has it, and leaves out the levels that the compiler does not know.

    Args:
        sources: The folder of the C++ sources.
        build: A folder for objects; created if it does not exist.
        target: The path of the library.
        flags: Further flags for every source.
        programs: Sources with a main function; the result is then this program.
        levels: Levels in place of ``LEVELS``.
    """
    build.mkdir(exist_ok=True)
    compiler = find_compiler()
    is_x86 = target_machine(compiler).startswith(("x86_64", "amd64"))
    levels = levels or (LEVELS if is_x86 else {"baseline": LEVELS["baseline"]})
    levels = {
        name: level
        for name, level in levels.items()
        if compiles(compiler, build, machine_flags(level), probe_program(level))
    }
    common = [*compiler, *FLAGS, *flags, *openmp_flags(compiler, build)]
    jobs = {name: [f"-DZOO_LEVEL={name}", *shlex.split(level)] for name, level in levels.items()}
    jobs["dispatch"] = [
        f"-DZOO_BUILT_LEVELS={level_list(levels, FULL_PRECISION)}",
        f"-DZOO_BUILT_BF16_LEVELS={level_list(levels, BF16)}",
        "dispatch.cpp",
    ]
    jobs |= {"text": ["text.cpp"], "fingerprint": ["fingerprint.cpp"]}
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        compilations = [
            pool.submit(run, [*common, "-c", *job, "-o", str(build / f"{name}.o")], sources)
            for name, job in jobs.items()
        ]
        for compilation in compilations:
            compilation.result()
    objects = [str(build / f"{name}.o") for name in jobs]
    kind = ["-I.", *programs] if programs else ["-shared"]
    run([*common, *kind, *objects, "-o", str(build / LIBRARY)], sources)
    shutil.copy(build / LIBRARY, target)


def find_compiler(platform=sys.platform):
    """Returns ``CXX`` if it is set, else the first compiler on the path, but none on Windows.

    There the library of a MinGW that happens to be on the path would need MinGW's own libraries.
    """
    chosen = os.environ.get("CXX")
    if chosen is not None:
        if not chosen.strip():
            raise FileNotFoundError("CXX is empty")
        words = shlex.split(chosen, posix=platform != "win32")  # whose paths have backslashes
        return [word.strip('"') for word in words]
    if platform == "win32":
        raise FileNotFoundError("on Windows, only a compiler that CXX names is used")
    for name in ("c++", "g++", "clang++"):
        if path := shutil.which(name):
            return [path]
    raise FileNotFoundError("there is no C++ compiler: c++, g++ or clang++")


def target_machine(compiler):
    """Returns the machine that the compiler compiles for, which may not be this one."""
    return run([*compiler, "-dumpmachine"], None).stdout.lower()


def machine_flags(level):
    """Returns the flags that enable a level's instructions."""
    return [flag for flag in shlex.split(level) if flag.startswith("-m")]


def probe_program(level):
    """Returns a program with the newest instructions, which an old assembler may not know."""
    flags = machine_flags(level)
    instructions = [line for flag, line in NEWEST_INSTRUCTIONS.items() if flag in flags]
    statements = " ".join(f'__asm__("{line}");' for line in instructions)
    return f"int main() {{ {statements} }}\n"


def level_list(levels, source):
    """Returns the levels that compile a source, as a list for the preprocessor."""
    names = [name for name, level in levels.items() if level.startswith(f"{source} ")]
    return " ".join(f"EACH({name})" for name in names)


def openmp_flags(compiler, build):
    """Returns the flag for threads, if a program can be linked with it."""
    source = "#include <omp.h>\nint main() { return omp_get_max_threads() < 1; }\n"
    return ["-fopenmp"] if compiles(compiler, build, ["-fopenmp"], source) else []


def compiles(compiler, build, flags, source):
    """Returns whether the compiler can compile and link a program with these flags."""
    program = build / "probe.cpp"
    program.write_text(source)
    try:
        run([*compiler, *flags, str(program), "-o", str(build / "probe")], build)
    except subprocess.CalledProcessError:
        return False
    return True


def run(command, folder):
    # compilers print in the user's language and encoding
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True, errors="replace"
    )
