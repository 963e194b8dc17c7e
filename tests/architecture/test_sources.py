"""Code that no source file may have, found with ``ast``, which ignores docstrings."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "zoo_core" / "src" / "zoo_core"
FOLDERS = sorted(
    path for pattern in ("zoo_core/src", "cli/src", "plugins/*/src") for path in ROOT.glob(pattern)
)
TORCH_FREE = sorted(CORE.glob("*.py"))
PICKLERS = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
UNPICKLERS = {("torch", "load"), ("torch", "save"), ("np", "load"), ("numpy", "load")}


def _name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def _forbidden(tree: ast.AST) -> Iterator[str]:
    """Returns the imports of modules that pickle and the calls that unpickle, as text."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in UNPICKLERS:
                yield f"line {node.lineno}: {node.value.id}.{node.attr}"
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for module, name in _imported(node):
                if module.partition(".")[0] in PICKLERS or (module, name) in UNPICKLERS:
                    yield f"line {node.lineno}: {module}.{name}"


def _imported(node: ast.Import | ast.ImportFrom) -> list[tuple[str, str]]:
    if isinstance(node, ast.Import):
        return [(alias.name, "") for alias in node.names]
    return [(node.module or "", alias.name) for alias in node.names]


def _runtime_imports(tree: ast.Module) -> Iterator[tuple[int, bool]]:
    """Line of each import of the runtime, and whether it is lazy."""
    at_once = {id(node) for statement in tree.body for node in _run_at_import(statement)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [f"{module}.{name}" for module, name in _imported(node)]
            if any(f"{name}.".startswith("zoo_core.runtime.") for name in names):
                yield node.lineno, id(node) not in at_once


def _run_at_import(node: ast.AST) -> Iterator[ast.AST]:
    """The nodes that run when the module is imported: no bodies of functions, nothing for mypy."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        return
    if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
        return
    yield node
    for child in ast.iter_child_nodes(node):
        yield from _run_at_import(child)


def test_the_sources_are_found() -> None:
    places = {path.parent.name for folder in FOLDERS for path in folder.rglob("*.py")}
    assert {"zoo_core", "runtime", "zoo_cli", "zoo_lstm", "zoo_text", "zoo_train"} <= places


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_no_source_reads_or_writes_pickle(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        assert list(_forbidden(ast.parse(path.read_text("utf-8")))) == [], path


@pytest.mark.parametrize("folder", FOLDERS, ids=_name)
def test_no_source_names_a_function_that_unpickles(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        text = path.read_text("utf-8")
        assert "torch.load" not in text, path
        assert "import pickle" not in text, path


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "from pickle import loads",
        "from torch import load",
        "x = torch.load(p)",
        "def f():\n    import cloudpickle.fast",
    ],
)
def test_code_that_unpickles_is_found(source: str) -> None:
    assert list(_forbidden(ast.parse(source)))


@pytest.mark.parametrize("path", TORCH_FREE, ids=_name)
def test_the_torch_free_side_never_imports_the_runtime(path: Path) -> None:
    imports = list(_runtime_imports(ast.parse(path.read_text("utf-8"))))
    assert not [line for line, lazy in imports if not lazy]
    assert path.name == "__init__.py" or not imports


@pytest.mark.parametrize(
    ("source", "lazy"),
    [
        ("from zoo_core.runtime import api", False),
        ("from zoo_core import runtime", False),
        ("import zoo_core.runtime.api", False),
        ("try:\n    from zoo_core.runtime.api import load\nexcept ImportError: ...", False),
        ("class A:\n    from zoo_core.runtime import api", False),
        ("def f():\n    from zoo_core.runtime import api", True),
        ("if TYPE_CHECKING:\n    from zoo_core.runtime import api", True),
    ],
)
def test_lazy_and_eager_imports_are_distinguished(source: str, lazy: bool) -> None:
    assert [is_lazy for _, is_lazy in _runtime_imports(ast.parse(source))] == [lazy]
