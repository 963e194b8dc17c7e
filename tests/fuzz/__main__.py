"""The coverage-guided fuzzer: ``uv run --group fuzz python -m tests.fuzz [--seconds N]``.

Each reader is fuzzed for its share of the seconds in a process of its own by libFuzzer, through
atheris. What makes one crash, hang or take too much memory is left in ``tests/fuzz/cases/``, where
the tests find it from then on.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import CASES, TARGETS

HANG, MEMORY, LONGEST = 5, 1000, 4096
"""Seconds and megabytes beyond which an input counts as found; bytes of an input."""


def main() -> int:
    """Exit code 1 if something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="In all.")
    parser.add_argument("--target", choices=TARGETS, help="This one alone.")
    known = parser.parse_args()
    names = [known.target] if known.target else list(TARGETS)
    ended = [_run(name, max(1, known.seconds // len(names))) for name in names]
    return int(not all(ended))


def _run(name: str, seconds: int) -> bool:
    """Fuzzes one reader and says how many cases were run."""
    found = CASES / name
    found.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        limits = [f"-timeout={HANG}", f"-rss_limit_mb={MEMORY}", f"-max_len={LONGEST}"]
        places = [f"-artifact_prefix={found}/", corpus, str(found)]
        command = [sys.executable, "-m", "tests.fuzz.guided", name]
        said = subprocess.run(
            [*command, f"-max_total_time={seconds}", *limits, *places],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
        )
    done = re.search(r"Done (\d+) runs in (\d+) second", said.stderr)
    if done:
        print(f"{name}: {int(done[1]):,} cases in {done[2]} s, nothing found", flush=True)  # noqa: T201
    else:
        print(f"{name}: FOUND\n{said.stderr[-2000:]}", flush=True)  # noqa: T201
    if not any(found.iterdir()):
        found.rmdir()
    return done is not None


sys.exit(main())
