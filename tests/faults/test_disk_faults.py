"""Disk: kills, full and read-only disks, links, two processes at once."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.child import killed_at, no_longer_files_than
from tests.faults.conftest import Met, Start
from tests.faults.fault import fault
from tests.unprivileged import obey_permissions
from zoo_core.downloads.download import RemoteFile, fetch
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_log import read_steps
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
from zoo_core.runtime.checkpoints.resume_states import has_state, read_state
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.storage.atomic import write_file

FULL = "Error: cannot write …; it needs …, … are free; the last saved state is intact: zoo resume …"


def wait_for_steps(folder: Path, seconds: float = 60) -> None:
    """Waits until a step has been saved."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if has_state(folder) and (folder / "state" / "CURRENT").read_text().strip() not in "0":
            return
        time.sleep(0.005)
    raise AssertionError("nothing was saved")


def steps_of(folder: Path) -> int:
    """Returns the step of the saved state of a run."""
    return read_state(folder).loop_state.progress.steps


@fault(
    1,
    "kill -9 at any instant of a run",
    says="",
    code=-9,
    left="the last saved state; it loads, and zoo resume continues from it",
)
@pytest.mark.parametrize(
    "instants",
    [
        2,
        pytest.param(6, marks=pytest.mark.gate),
        pytest.param(300, marks=pytest.mark.slow),
    ],
    ids=["few", "some", "hundreds"],
)
def test_a_run_killed_at_any_instant_resumes(
    catalog: Catalog, zoo: Zoo, start: Start, met: Met, tmp_path: Path, instants: int
) -> None:
    draws = random.Random(instants)
    arguments = ["train", "lstm-embed", "--trainer.epochs", 100_000, "--trainer.save-every", 0]
    for number in range(instants):
        folder = tmp_path / str(number)
        child = start(*arguments, "--threads", 1, "--out", folder)
        if number % 2:  # on a busy machine, every other instant is before the first state
            wait_for_steps(folder)
        time.sleep(draws.uniform(0.0, 0.6))
        child.send(signal.SIGKILL)
        met(child.wait())
        if not has_state(folder):
            continue
        assert all_finite(read_checkpoint(catalog, folder).model.state_dict())
        reached = steps_of(folder)
        resumed = start("resume", folder)
        while steps_of(folder) <= reached:
            time.sleep(0.002)
        resumed.send(signal.SIGINT)
        assert resumed.wait().code == 130
        shutil.rmtree(folder)


@fault(
    1,
    "kill -9 at any instant of a run that is logged",
    says="",
    code=-9,
    left="logs that zoo resume continues, with every step once",
)
@pytest.mark.gate
def test_a_logged_run_killed_at_any_instant_has_every_step_once(
    zoo: Zoo, start: Start, met: Met, tmp_path: Path
) -> None:
    draws = random.Random(5)
    folder = tmp_path / "run"
    # more epochs than a machine trains here, so that every child is killed before its end
    arguments = ["train", "lstm-embed", "--trainer.epochs", 100_000, "--trainer.save-every", 0]
    loggers = ["--logger", "csv", "--logger", "jsonl"]
    child = start(*arguments, *loggers, "--threads", 1, "--out", folder)
    while not has_state(folder):
        time.sleep(0.002)
    for _ in range(6):
        time.sleep(draws.uniform(0.0, 0.6))
        child.send(signal.SIGKILL)
        met(child.wait())
        child = start("resume", folder)
    child.send(signal.SIGKILL)
    child.wait()
    epochs = steps_of(folder) + 5  # a step each
    assert zoo("resume", folder, "--epochs", epochs).code == 0
    steps = [*range(1, epochs + 1)]
    assert [row.step for row in read_steps(folder)] == steps
    lines = (folder / "logs" / "csv" / "steps.csv").read_text().splitlines()[1:]
    assert [int(line.partition(",")[0]) for line in lines] == steps
    rows = [
        json.loads(line)
        for line in (folder / "logs" / "jsonl" / "events.jsonl").read_text().splitlines()
    ]
    assert [row["step"] for row in rows if row["event"] == "step"] == steps
    assert [row["epoch"] for row in rows if row["event"] == "epoch"] == steps


@fault(
    2,
    "kill -9 while the final files are written",
    says="",
    code=-9,
    left="no manifest: an unfinished run, which loads and resumes to the end",
)
@pytest.mark.parametrize(
    "name", ["model.safetensors", "history.jsonl", "curve.png", "README.md", "config.json"]
)
def test_a_run_killed_while_finishing_resumes(
    zoo: Zoo, start: Start, met: Met, brief: list[object], tmp_path: Path, name: str
) -> None:
    met(start(*brief, before=killed_at("os.rename", name)).wait())
    folder = tmp_path / "run"
    assert not (folder / "config.json").exists()
    assert "is unfinished" in zoo("predict", folder, "hello").stderr
    assert zoo("resume", folder).code == 0
    assert zoo("predict", folder, "hello").stderr == ""
    assert not list(folder.glob(".*.tmp"))


@fault(3, "a file grows beyond its limit", says=FULL, code=6, left="the state saved before")
def test_a_state_beyond_the_size_limit_is_refused(start: Start, met: Met, unfinished: Path) -> None:
    met(start("resume", unfinished, before=no_longer_files_than(900)).wait())
    assert steps_of(unfinished) == 7
    states = {path.name for path in (unfinished / "state").iterdir()}
    assert states == {"CURRENT", "7", "LOCK", "MADE_BY_ZOO", "machine.json"}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 kB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=400k", "zoo", str(folder)]
    if sys.platform != "linux" or os.geteuid() or subprocess.run(mount, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@fault(3, "disk full while saving", says=FULL, code=6, left="the state saved before")
def test_a_full_disk_keeps_the_last_state(
    zoo: Zoo, start: Start, met: Met, unfinished: Path, small_disk: Path
) -> None:
    folder = shutil.copytree(unfinished, small_disk / "run")
    filler = small_disk / "filler"
    with filler.open("wb", buffering=0) as file:
        while file.write(bytes(4096)) == 4096:
            if shutil.disk_usage(small_disk).free < 12_000:
                break
    met(start("resume", folder).wait())
    assert steps_of(folder) == 7
    filler.unlink()
    assert zoo("resume", folder).code == 0


@fault(
    3,
    "disk full before anything is saved",
    says="Error: cannot write …; it needs …, … are free; nothing of the run was saved",
    code=6,
    left="nothing",
)
def test_a_disk_without_room_for_the_first_state_promises_none(
    start: Start, met: Met, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    command = ["train", "lstm-embed", "--out", folder]
    met(start(*command, before=no_longer_files_than(900)).wait())
    assert not has_state(folder)
    assert not folder.exists()


@fault(
    4,
    "disk full for the picture",
    says="cannot write …curve.png: …; it needs …, … are free; "
    "the checkpoint is complete without it",
    code=0,
    left="a complete checkpoint without the picture",
)
def test_a_checkpoint_does_without_a_plot_that_has_no_room(
    zoo: Zoo, start: Start, met: Met, brief: list[object], tmp_path: Path
) -> None:
    met(start(*brief, before=no_longer_files_than(20_000)).wait())
    names = {path.name for path in (tmp_path / "run").iterdir()}
    assert {"model.safetensors", "config.json", "history.jsonl"} <= names
    assert "curve.png" not in names
    assert zoo("predict", tmp_path / "run", "hello").stderr == ""


@fault(6, "read-only target", says="Error: cannot write …", code=6, left="nothing; not trained")
@pytest.mark.parametrize("mode", [0o555, 0o000])
def test_a_read_only_target_is_refused_before_training(
    start: Start, met: Met, hello: Path, tmp_path: Path, mode: int
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=mode)
    child = start("train", "lstm-embed", "--out", closed / "run", before=obey_permissions)
    result = child.wait()
    push = ("push", hello, "owner/hello", "--to", closed / "built")
    met(result)
    met(start(*push, before=obey_permissions).wait())
    closed.chmod(0o700)
    assert "epoch" not in result.stderr
    assert not list(closed.iterdir())


@fault(7, "read-only cache that holds the file", says="", code=0, left="the cache as it was")
def test_a_read_only_cache_is_read(start: Start, met: Met, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    (cache / "a.txt").write_bytes(b"whole")
    cache.chmod(0o555)
    sha256 = hashlib.sha256(b"whole").hexdigest()
    file = RemoteFile(name="a.txt", size=5, sha256=sha256, mirrors=("http://127.0.0.1:9/a.txt",))

    def served() -> None:
        obey_permissions()
        assert fetch(file, cache).read_bytes() == b"whole"

    met(start("list", before=served).wait())
    assert [path.name for path in cache.iterdir()] == ["a.txt"]


@fault(
    8,
    "a file without read permission",
    says="Error: … is not readable: Permission denied",
    code=4,
    left="the file as it was",
)
@pytest.mark.parametrize("name", ["config.json", "model.safetensors", "."])
def test_an_unreadable_file_is_refused(start: Start, met: Met, hello: Path, name: str) -> None:
    (hello / name).chmod(0o000)
    met(start("predict", hello, "hello", before=obey_permissions).wait())
    (hello / name).chmod(0o700)


@fault(9, "saving over the checkpoint just loaded", says="", code=0, left="the new checkpoint")
def test_a_loaded_checkpoint_can_be_overwritten(zoo: Zoo, met: Met, hello: Path) -> None:
    onto = ["--from", hello, "--out", hello, "--overwrite", "--trainer.epochs", 2]
    met(zoo("train", "lstm-embed", *onto))
    assert zoo("verify", hello).code == 0


@fault(
    9,
    "kill -9 before the new checkpoint has begun",
    says="",
    code=-9,
    left="the old checkpoint, whole",
)
def test_a_killed_overwrite_keeps_the_old_checkpoint(
    catalog: Catalog, start: Start, met: Met, hello: Path
) -> None:
    onto = ["--from", hello, "--out", hello, "--overwrite", "--trainer.epochs", 2]
    met(start("train", "lstm-embed", *onto, before=killed_at("os.rename", "CURRENT")).wait())
    assert read_checkpoint(catalog, hello).finished


@fault(10, "target on another file system", says="", code=0, left="a complete checkpoint")
def test_a_target_on_another_file_system_is_complete(
    zoo: Zoo, met: Met, brief: list[object], small_disk: Path
) -> None:
    assert os.stat(small_disk).st_dev != os.stat(small_disk.parent).st_dev  # noqa: PTH116
    met(zoo(*brief[:-1], small_disk / "run"))
    assert zoo("verify", small_disk / "run").code == 0
    assert zoo("pull", "lstm-embed", "--to", small_disk / "pulled").code == 0


@fault(11, "target is a link to a folder", says="", code=0, left="the checkpoint behind the link")
def test_a_target_that_is_a_link_keeps_the_link(
    zoo: Zoo, met: Met, brief: list[object], tmp_path: Path
) -> None:
    (tmp_path / "behind").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "behind")
    met(zoo(*brief))
    assert (tmp_path / "run").is_symlink()
    assert (tmp_path / "behind" / "config.json").is_file()


@fault(
    11, "target is a link that leads nowhere", says="Error: cannot write …", code=6, left="the link"
)
def test_a_target_that_is_a_dangling_link_is_refused(
    zoo: Zoo, met: Met, brief: list[object], tmp_path: Path
) -> None:
    (tmp_path / "run").symlink_to(tmp_path / "gone")
    met(zoo(*brief))
    assert (tmp_path / "run").is_symlink()


@fault(
    11,
    "target holds a file of another program",
    says="Error: … holds files that the zoo did not make; choose a new or empty folder",
    code=6,
    left="the file, and nothing else",
)
@pytest.mark.parametrize("name", ["model.safetensors", "thesis.txt"])
@pytest.mark.parametrize("flags", [[], ["--overwrite"]], ids=["plain", "overwrite"])
def test_a_target_with_a_foreign_file_is_refused(
    zoo: Zoo, met: Met, brief: list[object], tmp_path: Path, name: str, flags: list[str]
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / name).write_bytes(b"mine")
    met(zoo(*brief, *flags))
    assert [path.read_bytes() for path in (tmp_path / "run").iterdir()] == [b"mine"]


def test_a_file_behind_a_link_is_replaced_and_the_link_stays(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "real" / "a").write_bytes(b"old")
    (tmp_path / "a").symlink_to(tmp_path / "real" / "a")
    write_file(tmp_path / "a", b"new")
    assert (tmp_path / "a").is_symlink()
    assert (tmp_path / "real" / "a").read_bytes() == b"new"


@fault(
    12,
    "two trainings into one folder",
    says="Error: … is in use by process … on …; wait for it, or choose another folder",
    code=6,
    left="the first run, undisturbed",
)
@pytest.mark.parametrize("again", [["--overwrite"], []], ids=["overwrite", "plain"])
def test_a_second_training_into_one_folder_is_refused(
    zoo: Zoo, start: Start, met: Met, long: list[object], tmp_path: Path, again: list[str]
) -> None:
    first = start(*long)
    wait_for_steps(tmp_path / "run")
    second = zoo(*long, *again)
    met(second)
    assert f"process {first.pid} on {os.uname().nodename}" in second.stderr
    met(zoo("resume", tmp_path / "run"))
    first.send(signal.SIGINT)
    assert first.wait().code == 130


@fault(12, "the lock of a dead process", says="", code=0, left="the run, taken over and finished")
def test_the_lock_of_a_dead_process_is_taken_over(
    zoo: Zoo, start: Start, met: Met, unfinished: Path
) -> None:
    holder = start("resume", unfinished, before=killed_at("os.rename", "curve.png"))
    assert holder.wait().code == -9
    assert (unfinished / "state" / "HOLDER").exists()
    met(zoo("resume", unfinished))
    assert not (unfinished / "state" / "HOLDER").exists()


@fault(13, "runs started in the same second", says="", code=0, left="a folder for each")
def test_runs_of_the_same_second_have_different_names(
    start: Start, met: Met, isolation: Path
) -> None:
    children = [start("train", "lstm-embed", "--trainer.epochs", 1) for _ in range(4)]
    for child in children:
        met(child.wait())
    assert len(list((isolation / "runs").iterdir())) == len(children)


@fault(14, "thousands of runs", says="", code=0, left="all of them; zoo list opens none")
def test_thousands_of_runs_do_not_slow_the_list(
    zoo: Zoo, start: Start, met: Met, isolation: Path, hello: Path
) -> None:
    for number in range(3000):
        (isolation / "runs" / f"run-{number}").mkdir(parents=True)
    touched = killed_at("open", "config.json"), killed_at("os.scandir", str(isolation / "runs"))
    met(start("list", before=lambda: [touch() for touch in touched]).wait())
