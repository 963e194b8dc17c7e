"""The files of a comparison: table, curves and data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo_core.comparisons.comparison import Comparison
from zoo_core.comparisons.formats import to_csv, to_json, to_markdown
from zoo_core.comparisons.matrix import Matrix, matrix_csv, matrix_json, matrix_markdown
from zoo_core.errors import TargetError
from zoo_core.runtime.plots.comparison_plot import comparison_plot
from zoo_core.runtime.plots.matrix_plot import matrix_plot
from zoo_core.storage.atomic import (
    TEMPORARY,
    make_folder,
    remove_temporary_files,
    target_errors,
    write_files,
)

DATA, CSV, TABLE, PLOT = "comparison.json", "comparison.csv", "comparison.md", "comparison.png"
DRAWING = "comparison.svg"
"""The picture of a matrix once more, as lines and text."""
PAGE = "comparison.html"
FILES = (DATA, CSV, TABLE, PLOT, DRAWING, PAGE)


def check_comparison_folder(folder: Path) -> None:
    """Checks that the files of a comparison may be written to a folder. Nothing is changed.

    Raises:
        TargetError: It is a file, holds files that are not of a comparison, or one of the names is
            a link.
    """
    with target_errors(folder):
        if not folder.exists():
            return
        if not folder.is_dir():
            raise TargetError(f"{folder} is not a folder")
        for name in FILES:
            if (folder / name).is_symlink():
                raise TargetError(
                    f"{folder / name} is a link, and a comparison writes to it; remove the link"
                )
        others = [path for path in folder.iterdir() if not TEMPORARY.fullmatch(path.name)]
        if others and not _is_comparison(folder / DATA):
            raise TargetError(
                f"{folder} holds files that the zoo did not make; choose a new or empty folder"
            )


def write_comparison(folder: Path, comparison: Comparison, page: str = "") -> list[Path]:
    """Writes data, table and picture of a comparison, all or none; older ones are replaced.

    Args:
        folder: The folder, which is made if it is missing.
        comparison: The comparison.
        page: The page of ``zoo report`` on its runs; empty to write none.

    Returns:
        The files.

    Raises:
        TargetError: A file cannot be written.
    """
    contents = {
        DATA: _json(to_json(comparison)),
        CSV: to_csv(comparison).encode(),
        TABLE: to_markdown(comparison).encode(),
        PLOT: comparison_plot(comparison),
    }
    return _write(folder, contents | ({PAGE: page.encode()} if page else {}))


def write_matrix(folder: Path, matrix: Matrix) -> list[Path]:
    """Writes data, table and pictures of a matrix, all or none; older ones are replaced.

    Returns:
        The files.

    Raises:
        TargetError: A file cannot be written.
    """
    return _write(
        folder,
        {
            DATA: _json(matrix_json(matrix)),
            CSV: matrix_csv(matrix).encode(),
            TABLE: matrix_markdown(matrix).encode(),
            PLOT: matrix_plot(matrix, "png"),
            DRAWING: matrix_plot(matrix, "svg"),
        },
    )


def _json(values: dict[str, Any]) -> bytes:
    return (json.dumps(values, indent=1, ensure_ascii=False) + "\n").encode()


def _write(folder: Path, contents: Mapping[str, bytes]) -> list[Path]:
    """Writes files by name, all or none."""
    check_comparison_folder(folder)
    with target_errors(folder):
        make_folder(folder)
        remove_temporary_files(folder)
    files = {folder / name: content for name, content in contents.items()}
    write_files(files)
    return list(files)


def _is_comparison(path: Path) -> bool:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(values, dict) and values.keys() >= {"metric", "rows", "remarks"}
