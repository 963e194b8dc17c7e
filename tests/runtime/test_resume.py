"""What refuses to go on, and what it says."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from torch import Tensor

from tests.runtime.runs import contents, finish, interrupt, small_run_config, train
from zoo_core.errors import ConfigError, NotFoundError, ResumeError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints import resume_states
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run


def test_a_finished_run_cannot_be_resumed_without_more_epochs(
    catalog: Catalog, trained: Path
) -> None:
    before = contents(trained)
    with pytest.raises(ResumeError, match="zoo train lstm-embed --from /"):  # it has a schedule
        resume(catalog, trained)
    assert contents(trained) == before


def test_a_finished_run_is_refused_without_reading_its_tensors(
    catalog: Catalog, trained: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(path: Path) -> dict[str, Tensor]:
        pytest.fail(f"{path.name} is read")

    monkeypatch.setattr(resume_states, "read_tensors", read)
    with pytest.raises(ResumeError, match="is complete"):
        resume(catalog, trained)


def constant_rate(catalog: Catalog, path: Path, **trainer: object) -> RunConfig:
    """Returns a small run config without a schedule."""
    return small_run_config(catalog, path, trainer={"schedule": None, **trainer})


@pytest.mark.parametrize("interrupts", [False, True])
def test_more_epochs_give_what_one_longer_run_gives(
    catalog: Catalog, text_file: Path, tmp_path: Path, interrupts: bool
) -> None:
    train(catalog, constant_rate(catalog, text_file, epochs=4), tmp_path / "long")
    folder = tmp_path / "short"
    train(catalog, constant_rate(catalog, text_file, epochs=2), folder)
    with pytest.raises(ResumeError, match=r"is complete; .*: zoo resume /\S+ --epochs 4$"):
        resume(catalog, folder)
    run = resume(catalog, folder, epochs=4)
    if interrupts:  # before the first saved state, as a kill would
        events = run.events()
        next(events)
        events.close()
        assert not (folder / MANIFEST).exists()
        run = resume(catalog, folder)
    finish(run)
    assert contents(folder) == contents(tmp_path / "long")


def test_more_epochs_than_the_schedule_was_made_for_are_refused(
    catalog: Catalog, trained: Path
) -> None:
    before = contents(trained)
    message = (
        r"made for 1\d steps, .* and 6 epochs the run has 3\d; .*: zoo train lstm-embed --from"
    )
    with pytest.raises(ResumeError, match=message):
        resume(catalog, trained, epochs=6)
    assert contents(trained) == before


def test_fewer_epochs_than_were_trained_are_refused(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    train(catalog, constant_rate(catalog, text_file, epochs=2), tmp_path)
    with pytest.raises(ResumeError, match="has trained 2 epochs: give more with --epochs 3"):
        resume(catalog, tmp_path, epochs=2)


def test_a_run_without_progress_gets_no_more_epochs(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    run_config = constant_rate(catalog, text_file, epochs=40, learning_rate=1.0, patience=1)
    assert train(catalog, run_config, tmp_path).reason == "patience"
    for epochs in (None, 50):
        with pytest.raises(ResumeError, match=r"--from /\S+ --trainer\.patience none$"):
            resume(catalog, tmp_path, epochs=epochs)


def test_more_epochs_end_a_budget_that_is_used_up(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    run_config = replace(constant_rate(catalog, text_file, epochs=2), budget=1e-9)
    assert train(catalog, run_config, tmp_path).reason == "budget"
    finished = finish(resume(catalog, tmp_path, epochs=2))
    assert (finished.reason, finished.manifest.epochs) == ("epochs", 2)
    assert finished.manifest.run_config.budget == 0.0


def test_more_epochs_end_a_budget_of_tokens_that_is_used_up(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    run_config = replace(constant_rate(catalog, text_file, epochs=2), token_budget=1)
    assert train(catalog, run_config, tmp_path).reason == "budget"
    finished = finish(resume(catalog, tmp_path, epochs=2))
    assert (finished.reason, finished.manifest.epochs) == ("epochs", 2)
    assert finished.manifest.run_config.token_budget == 0


def test_data_that_has_moved_is_found_by_its_new_path(
    catalog: Catalog, text_file: Path, trained: Path, tmp_path: Path
) -> None:
    folder, first, moved = tmp_path / "run", tmp_path / "first.txt", tmp_path / "moved.txt"
    first.write_bytes(text_file.read_bytes())
    interrupt(Run(catalog, small_run_config(catalog, first), folder), 7)
    first.rename(moved)
    with pytest.raises(ResumeError, match=r"out of reach: .*; name the file with --dataset\.path"):
        resume(catalog, folder)
    run = resume(catalog, folder, dataset_path=str(moved))
    assert run.run_config.configs["dataset"]["path"] == str(moved)
    finish(resume(catalog, folder))  # the path is saved
    for name in ("model.safetensors", "history.jsonl"):
        assert (folder / name).read_bytes() == (trained / name).read_bytes()


def test_a_relative_path_is_found_from_another_folder(
    catalog: Catalog, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    (tmp_path / "first" / "a.txt").write_bytes(text_file.read_bytes())
    monkeypatch.chdir(tmp_path / "first")
    interrupt(Run(catalog, small_run_config(catalog, Path("a.txt")), tmp_path / "run"), 7)
    monkeypatch.chdir(tmp_path / "second")
    (tmp_path / "second" / "a.txt").write_text("other data of the same name")
    finished = finish(resume(catalog, tmp_path / "run"))
    assert finished.manifest.status == "finished"


def test_a_new_path_of_other_data_is_refused(catalog: Catalog, changed: Path) -> None:
    other = changed.parent / "other.txt"
    other.write_text("abcdefg hijklmnop\n" * 18 + "abcdefg hijklmnoa\n" * 2)
    with pytest.raises(ResumeError, match="the data has changed; --force"):
        resume(catalog, changed, dataset_path=str(other))


def test_data_without_a_path_takes_none(catalog: Catalog, tmp_path: Path) -> None:
    interrupt(Run(catalog, resolve_run(catalog, "lstm-embed").run_config(), tmp_path), 2)
    with pytest.raises(ConfigError, match=r"--dataset\.path: the dataset hello has no such"):
        resume(catalog, tmp_path, dataset_path="a.txt")


def test_a_folder_without_a_run_cannot_be_resumed(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no run to resume"):
        resume(catalog, tmp_path)


@pytest.fixture
def changed(catalog: Catalog, tmp_path: Path) -> Path:
    """An interrupted run whose text has changed since."""
    path, folder = tmp_path / "text.txt", tmp_path / "run"
    path.write_text("abcdefg hijklmnop\n" * 20)
    interrupt(Run(catalog, small_run_config(catalog, path), folder), 2)
    path.write_text("abcdefg hijklmnop\n" * 19 + "abcdefg hijklmnoo\n")
    return folder


@pytest.mark.parametrize(
    ("schedule", "warm_up"), [("OneCycleLR", 0), ("CosineAnnealingLR", 0), ("LinearLR", 2)]
)
@pytest.mark.parametrize("repeats", [8, 60])
def test_a_schedule_is_not_forced_onto_data_of_other_steps(
    catalog: Catalog, tmp_path: Path, schedule: str, warm_up: int, repeats: int
) -> None:
    path, folder = tmp_path / "text.txt", tmp_path / "run"
    path.write_text("abcdefg hijklmnop\n" * 20)
    trainer = {"schedule": schedule, "warm_up": warm_up}
    interrupt(Run(catalog, small_run_config(catalog, path, trainer=trainer), folder), 2)
    path.write_text("abcdefg hijklmnop\n" * repeats)
    before = contents(folder)
    message = rf"schedule = '{schedule}' was made for \d+ steps, .* the run has \d+; .* --from /"
    with pytest.raises(ResumeError, match=message):
        resume(catalog, folder, force=True)
    assert contents(folder) == before


def test_without_a_schedule_force_resumes_with_more_data(catalog: Catalog, tmp_path: Path) -> None:
    path, folder = tmp_path / "text.txt", tmp_path / "run"
    path.write_text("abcdefg hijklmnop\n" * 20)
    trainer = {"schedule": None, "warm_up": 2}
    interrupt(Run(catalog, small_run_config(catalog, path, trainer=trainer), folder), 2)
    path.write_text("abcdefg hijklmnop\n" * 40)
    assert finish(resume(catalog, folder, force=True)).manifest.status == "finished"


def test_changed_versions_refuse_to_resume_and_are_named(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path), 2)
    values = next(tmp_path.glob("state/*/values.json"))
    saved = json.loads(values.read_text())
    saved["versions"] |= {"torch": "1.0", "zoo-lstm": "0.0"}
    values.write_text(json.dumps(saved))
    with pytest.raises(ResumeError, match=r"torch was 1\.0, is 2.*zoo-lstm was 0\.0, is"):
        resume(catalog, tmp_path)


def test_missing_data_is_called_unreachable(catalog: Catalog, changed: Path) -> None:
    (changed.parent / "text.txt").unlink()
    with pytest.raises(ResumeError, match=r"^the data is out of reach: cannot read .*text\.txt"):
        resume(catalog, changed)


def test_more_threads_than_the_machine_takes_are_refused(
    catalog: Catalog, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_config = replace(small_run_config(catalog, text_file), threads=2)
    interrupt(Run(catalog, run_config, tmp_path), 2)
    before = contents(tmp_path)
    monkeypatch.setattr("resource.getrlimit", lambda limit: (1 << 13, 1 << 13))  # for one thread
    with pytest.raises(ResumeError, match=r"threads = 2: .*: zoo train .* --from .* --threads 1$"):
        resume(catalog, tmp_path, force=True)
    assert contents(tmp_path) == before


def test_a_run_from_before_the_kernels_loss_continues_with_torchs(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    run_config = small_run_config(catalog, text_file)
    interrupt(Run(catalog, run_config, tmp_path), 3)
    assert resume(catalog, tmp_path).loop.trainer.kernel is not None
    values_file = next((tmp_path / "state").glob("*/values.json"))
    values = json.loads(values_file.read_text("utf-8"))
    del values["snapshot"]["fused"]
    values_file.write_text(json.dumps(values), "utf-8")
    run = resume(catalog, tmp_path)
    assert run.loop.trainer.kernel is None
    interrupt(run, 5)
    assert resume(catalog, tmp_path).loop.trainer.kernel is None


def recorded_kernel(run: Run) -> AbstractKernel:
    """Returns the kernel that a run has recorded."""
    layer = next(each for each in run.loop.model.modules() if isinstance(each, Recurrent))
    assert layer.kernels[0].name == run.run_config.backend
    return layer.kernels[0]


def test_a_resumed_run_keeps_its_backend_where_auto_would_take_another(
    catalog: Catalog, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_config = small_run_config(catalog, text_file)
    train(catalog, run_config, tmp_path / "whole")
    run = Run(catalog, run_config, tmp_path / "cut")
    recorded = recorded_kernel(run)
    interrupt(run, 4)
    # as an upgrade with other thresholds, or another processor, may choose
    monkeypatch.setattr(type(recorded), "pays", lambda self, case: False)
    assert Run(catalog, run_config, tmp_path / "new").backend != recorded.name
    resumed = resume(catalog, tmp_path / "cut")
    assert recorded_kernel(resumed).name == recorded.name
    finish(resumed)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


@pytest.mark.parametrize("before", [None, "", "of this machine", "of another machine"])
def test_other_instructions_than_before_are_named_and_not_refused(
    catalog: Catalog,
    text_file: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    before: str | None,
) -> None:
    run = Run(catalog, small_run_config(catalog, text_file), tmp_path)
    interrupt(run, 4)
    values_file = next((tmp_path / "state").glob("*/values.json"))
    values = json.loads(values_file.read_text("utf-8"))
    assert values.pop("instructions") == run.instructions != ""
    if before is not None:  # as in a run of an earlier version
        values["instructions"] = run.instructions if before == "of this machine" else before
    values_file.write_text(json.dumps(values), "utf-8")
    finish(resume(catalog, tmp_path))
    expected = (
        f"backend {run.backend} used of another machine, and now {run.instructions}: the result "
        "may differ in its last bits from that of an uninterrupted run"
    )
    assert caplog.messages == ([expected] if before == "of another machine" else [])


def test_a_backend_that_cannot_run_here_is_refused_and_named_and_force_resumes(
    catalog: Catalog, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(catalog, small_run_config(catalog, text_file), tmp_path / "run")
    recorded = recorded_kernel(run)
    interrupt(run, 4)
    monkeypatch.setattr(type(recorded), "unsupported_reason", lambda *_: "not on this processor")
    with pytest.raises(ResumeError, match=f"backend was {recorded.name}, is ") as caught:
        resume(catalog, tmp_path / "run")
    assert f"({recorded.name}: not on this processor" in str(caught.value)
    assert str(caught.value).endswith("; --force resumes all the same")
    resumed = resume(catalog, tmp_path / "run", force=True)
    assert resumed.backend != recorded.name
    finish(resumed)
