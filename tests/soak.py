"""A soak: train, kill, resume, push and pull, again and again, with a Hub that misbehaves.

``uv run python -m tests.soak --minutes 10`` ends with 1 at the first thing that was lost, and else
says in JSON what was done, and how memory and open files of the process grew.
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
"""What a command may end with while the Hub misbehaves."""
LATER = 0.8
"""How often a training is killed after its first state rather than at any instant."""
FILES = ("config.json", "model.safetensors")


class Lost(Exception):
    """Something that should be there is not, or is not what it was."""


class Soak:
    """Counts what is done in a folder.

    Args:
        folder: Where to.
        hub: The Hub that misbehaves.
        seed: Of kills and faults.
    """

    def __init__(self, folder: Path, hub: Hub, seed: int) -> None:
        self.folder, self.hub, self.random = folder, hub, random.Random(seed)
        self.done = dict.fromkeys(("cycles", "kills", "resumes", "faults", "refusals"), 0)
        self.train(folder / "whole", kill=False)
        self.whole = (folder / "whole" / "model.safetensors").read_bytes()

    def cycle(self) -> None:
        """One model: trained with interruptions, pushed, pulled.

        Raises:
            Lost: Something is not what it was.
        """
        self.done["cycles"] += 1
        out = self.folder / f"run-{self.done['cycles']}"
        for _ in range(self.random.randrange(4)):
            self.train(out, kill=True)
        self.train(out, kill=False)
        if (out / "model.safetensors").read_bytes() != self.whole:
            raise Lost(f"{out}: other weights than those of a run without interruptions")
        repo = f"owner/model-{self.random.randrange(5)}"
        self.ask("push", out, repo)
        pulled = self.folder / f"pulled-{self.done['cycles']}"
        self.ask("pull", f"hub:{repo}", "--to", pulled)
        for name in FILES:
            if (pulled / name).read_bytes() != (out / name).read_bytes():
                raise Lost(f"{pulled / name} is not what was pushed")

    def train(self, out: Path, *, kill: bool) -> None:
        """Trains, or goes on; to the end, or until it is killed at any instant."""
        begun = (out / "state" / "CURRENT").exists()
        if begun and (out / "config.json").exists():
            return
        words = ["resume", out] if begun else ["train", "lstm-embed", "--out", out]
        often = [] if begun else ["--overwrite", "--trainer.save-every", "0", "--threads", "1"]
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, words + often)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self.done["resumes"] += begun
        with contextlib.suppress(subprocess.TimeoutExpired):
            if kill and self.random.random() < LATER:
                wait_for(out / "state" / "CURRENT", process)
            process.wait(self.random.uniform(0.0, 3.0) if kill else None)
        if process.poll() is None:
            process.kill()
            self.done["kills"] += 1
        said = process.communicate()[1].decode()
        if process.returncode not in (0, -9):
            raise Lost(f"{out}: exit {process.returncode}: {said.strip().rpartition(chr(10))[2]}")

    def ask(self, *words: object) -> None:
        """A command while the Hub misbehaves; what it refuses must work once the Hub is well."""
        self.hub.faults = self.random.choices(FAULTS, k=self.random.randrange(4))
        self.done["faults"] += len(self.hub.faults)
        code, said = in_this_process(*words)
        if code in REFUSALS:
            self.done["refusals"] += 1
            self.hub.faults = []
            code, said = in_this_process(*words)
        if code:
            raise Lost(f"zoo {' '.join(map(str, words))}: exit {code}: {said}")
        self.hub.requests.clear()
        self.hub.tokens.clear()


def wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    """Until a file is there, or the process has ended."""
    while not path.exists() and process.poll() is None:
        time.sleep(0.02)


def in_this_process(*words: object) -> tuple[int, str]:
    """A command, run here, so that what it leaves open is seen."""
    from zoo_cli.main import run

    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()) as said,
    ):
        code = run([str(word) for word in words])
    return code, said.getvalue().strip().rpartition("\n")[2]


def resident() -> float:
    """Memory of this process, in MB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 1e6, 1)


def open_files() -> int:
    """How many files and sockets this process has open."""
    return len(list(Path("/proc/self/fd").iterdir()))


def main() -> int:
    """Soaks for as long as it is told to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="Write what was done there too.")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, running_hub() as hub:
        os.environ |= settings_for(hub, Path(place))
        soak = Soak(Path(place), hub, given.seed)
        began, measured = time.monotonic(), []
        while time.monotonic() - began < given.minutes * 60:
            try:
                soak.cycle()
            except Lost as lost:
                sys.stdout.write(json.dumps(soak.done | {"lost": str(lost)}) + "\n")
                return 1
            measured.append((resident(), open_files()))
    warm = measured[min(2, len(measured) - 1)]
    minutes = round((time.monotonic() - began) / 60, 1)
    growth = {"megabytes": [warm[0], measured[-1][0]], "open files": [warm[1], measured[-1][1]]}
    done = json.dumps(soak.done | {"minutes": minutes, "lost": None} | growth) + "\n"
    sys.stdout.write(done)
    if given.out:
        given.out.write_text(done, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
