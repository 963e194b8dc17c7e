"""The coverage-guided fuzzer: ``uv run --group fuzz python -m tests.fuzz [--seconds N]``.

libFuzzer, through atheris, fuzzes each reader in its own process for an equal share of the time.
An input that makes a reader crash, hang or take too much memory is kept in ``tests/fuzz/cases/``,
where the tests repeat it from then on.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.fuzz.targets import CASES, TARGETS

MAX_SECONDS, MAX_MEGABYTES, MAX_INPUT_BYTES = 5, 1000, 4096
"""Limits of one input: its time, its memory and its size."""


def main() -> int:
    """Returns the exit code: 1 if an input broke a reader."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=int, default=60, help="The time for all readers.")
    parser.add_argument("--target", choices=TARGETS, help="Fuzz this reader only.")
    options = parser.parse_args()
    names = [options.target] if options.target else list(TARGETS)
    passed = [_run(name, max(1, options.seconds // len(names))) for name in names]
    return 0 if all(passed) else 1


def _run(name: str, seconds: int) -> bool:
    """Fuzzes one reader, prints the outcome, and returns whether every input passed."""
    cases = CASES / name
    cases.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(TARGETS[name].seeds):
            (Path(corpus) / str(number)).write_bytes(seed)
        limits = [
            f"-timeout={MAX_SECONDS}",
            f"-rss_limit_mb={MAX_MEGABYTES}",
            f"-max_len={MAX_INPUT_BYTES}",
        ]
        places = [f"-artifact_prefix={cases}/", corpus, str(cases)]
        command = [sys.executable, "-m", "tests.fuzz.guided", name]
        process = subprocess.run(
            [*command, f"-max_total_time={seconds}", *limits, *places],
            check=False,
            capture_output=True,
            text=True,
            errors="replace",
        )
    done = re.search(r"Done (\d+) runs in (\d+) second", process.stderr)
    if done:
        print(f"{name}: {int(done[1]):,} cases in {done[2]} s, nothing found", flush=True)  # noqa: T201
    else:
        print(f"{name}: FOUND\n{process.stderr[-2000:]}", flush=True)  # noqa: T201
    if not any(cases.iterdir()):
        cases.rmdir()
    return done is not None


sys.exit(main())
