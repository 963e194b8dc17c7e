"""The loggers of a run: their names are kept, and each has a folder of its own."""

from __future__ import annotations

from pathlib import Path

from zoo_core.run_folder.logger_names import (
    logger_folder,
    read_logger_names,
    remove_logs,
    write_logger_names,
)


def test_names_are_read_back_and_a_run_without_loggers_has_none(tmp_path: Path) -> None:
    write_logger_names(tmp_path, ["csv", "owl:csv"])
    assert read_logger_names(tmp_path) == ("csv", "owl:csv")
    write_logger_names(tmp_path, [])
    assert read_logger_names(tmp_path) == ()


def test_a_logger_with_its_plugin_has_the_folder_of_its_name(tmp_path: Path) -> None:
    assert logger_folder(tmp_path, "owl:csv") == logger_folder(tmp_path, "csv")


def test_only_the_folders_of_the_named_loggers_are_removed(tmp_path: Path) -> None:
    for name in ("csv", "other"):
        logger_folder(tmp_path, name).mkdir(parents=True)
    (tmp_path / "logs" / "linked").symlink_to(tmp_path / "logs" / "other")
    remove_logs(tmp_path, ["owl:csv", "linked", "missing"])
    assert {path.name for path in (tmp_path / "logs").iterdir()} == {"linked", "other"}
