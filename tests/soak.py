"""A soak test: trains, kills, resumes, pushes and pulls in a loop, with a Hub that misbehaves.

``uv run python -m tests.soak --minutes 10`` exits with 1 as soon as something is lost. Otherwise it
prints as JSON what was done, and how the memory and the open files of the process grew.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.cli.command import PROGRAM
from tests.hub.conftest import settings_for
from tests.hub.server import Fault, Hub, running_hub

FAULTS = [
    Fault("GET /api/models", "status", 503),
    Fault("paths-info", "status", 429),
    Fault("HEAD .*/resolve/", "reset"),
    Fault("GET /large/", "cut", 300),
    Fault("GET /large/", "flip"),
    Fault("GET /large/", "reset"),
    Fault("GET /large/", "status", 500),
    Fault("GET .*/resolve/", "status", 502),
    Fault("repos/create", "status", 503),
    Fault("preupload", "reset"),
    Fault("PUT /large/", "status", 500),
    Fault("/commit/", "status", 503),
    Fault("/commit/", "reset"),
    Fault("/commit/", "lost"),
]
REFUSALS = (4, 5)
"""Exit codes that a command may have while the Hub misbehaves."""
KILLED_AFTER_A_STATE = 0.8
"""The share of kills that wait for the first saved state."""
FILES = ("config.json", "model.safetensors")


class Lost(Exception):
    """A file is missing or has other bytes than before."""


class Soak:
    """Runs commands in a folder and counts them.

    Args:
        folder: The folder of runs and pulled checkpoints.
        hub: The Hub that misbehaves.
        seed: Seed of the kills and of the faults.
    """

    def __init__(self, folder: Path, hub: Hub, seed: int) -> None:
        self.folder, self.hub, self.random = folder, hub, random.Random(seed)
        self.counts = dict.fromkeys(("cycles", "kills", "resumes", "faults", "refusals"), 0)
        self.train(folder / "whole", kill=False)
        self.whole = (folder / "whole" / "model.safetensors").read_bytes()

    def cycle(self) -> None:
        """Trains a model with interruptions, pushes it and pulls it.

        Raises:
            Lost: The weights, or what was pulled, differ from what they should be.
        """
        self.counts["cycles"] += 1
        out = self.folder / f"run-{self.counts['cycles']}"
        for _ in range(self.random.randrange(4)):
            self.train(out, kill=True)
        self.train(out, kill=False)
        if (out / "model.safetensors").read_bytes() != self.whole:
            raise Lost(f"{out}: other weights than those of a run without interruptions")
        repo = f"owner/model-{self.random.randrange(5)}"
        self.run_with_faults("push", out, repo)
        pulled = self.folder / f"pulled-{self.counts['cycles']}"
        self.run_with_faults("pull", f"hub:{repo}", "--to", pulled)
        for name in FILES:
            if (pulled / name).read_bytes() != (out / name).read_bytes():
                raise Lost(f"{pulled / name} is not what was pushed")

    def train(self, out: Path, *, kill: bool) -> None:
        """Trains or resumes a run, to its end or until it is killed at a random instant."""
        resumes = (out / "state" / "CURRENT").exists()
        if resumes and (out / "config.json").exists():
            return
        arguments = ["resume", out]
        if not resumes:
            arguments = ["train", "lstm-embed", "--out", out, "--overwrite", "--threads", "1"]
            arguments += ["--trainer.save-every", "0"]
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self.counts["resumes"] += resumes
        with contextlib.suppress(subprocess.TimeoutExpired):
            if kill and self.random.random() < KILLED_AFTER_A_STATE:
                wait_for(out / "state" / "CURRENT", process)
            process.wait(self.random.uniform(0.0, 3.0) if kill else None)
        if process.poll() is None:
            process.kill()
            self.counts["kills"] += 1
        stderr = process.communicate()[1].decode()
        if process.returncode not in (0, -9):
            raise Lost(f"{out}: exit {process.returncode}: {last_line(stderr)}")

    def run_with_faults(self, *arguments: object) -> None:
        """Runs a command while the Hub misbehaves; if it fails, it must work without the faults."""
        self.hub.faults = self.random.choices(FAULTS, k=self.random.randrange(4))
        self.counts["faults"] += len(self.hub.faults)
        code, message = run_here(*arguments)
        if code in REFUSALS:
            self.counts["refusals"] += 1
            self.hub.faults = []
            code, message = run_here(*arguments)
        if code:
            raise Lost(f"zoo {' '.join(map(str, arguments))}: exit {code}: {message}")
        self.hub.requests.clear()
        self.hub.tokens.clear()


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Waits until a file is there or the process has ended."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.02)


def run_here(*arguments: object) -> tuple[int, str]:
    """Runs a command in this process, whose memory and open files are measured.

    Returns:
        The exit code, and the last line of stderr.
    """
    from zoo_cli.main import run

    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as stderr,
    ):
        code = run([str(argument) for argument in arguments])
    return code, last_line(stderr.getvalue())


def last_line(text: str) -> str:
    """The last line of a text, empty for an empty text."""
    return text.strip().rpartition("\n")[2]


def resident() -> float:
    """The memory of this process in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def open_files() -> int:
    """The number of files and sockets that this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def main() -> int:
    """Runs the soak test and returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="Also write the result to this file.")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, running_hub() as hub:
        os.environ |= settings_for(hub, Path(place))
        soak = Soak(Path(place), hub, options.seed)
        began, measured = time.monotonic(), []
        while time.monotonic() - began < options.minutes * 60:
            try:
                soak.cycle()
            except Lost as lost:
                sys.stdout.write(json.dumps(soak.counts | {"lost": str(lost)}) + "\n")
                return 1
            measured.append((resident(), open_files()))
    warm = measured[min(2, len(measured) - 1)]
    minutes = round((time.monotonic() - began) / 60, 1)
    growth = {"megabytes": [warm[0], measured[-1][0]], "open files": [warm[1], measured[-1][1]]}
    result = json.dumps(soak.counts | {"minutes": minutes, "lost": None} | growth) + "\n"
    sys.stdout.write(result)
    if options.out:
        options.out.write_text(result, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
