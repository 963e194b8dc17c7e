"""What is declared stays light: seen in ``sys.modules`` of a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.workspace import ROOT, SOURCE_FOLDERS

HEAVY = {"torch", "numpy", "safetensors", "huggingface_hub", "matplotlib", "yaml"}
RUN = "from zoo_cli.main import run; assert run({!r}) == 0"
COMPLETE = "import os; os.environ |= dict({}); {}"
LIGHT = {"click", "pluggy"}
"""The libraries that may be imported on the way to a list, a help page or a completion."""
ON_THE_WAY = {
    "zoo_core.plugins.catalog",
    "zoo_core.plugins.discovery",
    "zoo_core.plugins.entry_points",
    "zoo_core.errors",
    "zoo_core.escaping",
    "zoo_core.plugins.interrupts",
    "zoo_core.plugins.watchdog",
    "zoo_core.plugins.trace",
    "zoo_core.plugins.hookspecs",
    "zoo_core.plugins.import_strings",
    "zoo_core.plugins.listing",
    "zoo_core.plugins.loading",
    "zoo_core.plugins.printing",
    "zoo_core.plugins.specs",
    "zoo_core.storage.capacity",
    "zoo_cli.parsing.given_text",
    "zoo_cli.parsing.registry_option",
    "zoo_cli.parsing.lazy_group",
    "zoo_cli.commands.list",
    "zoo_cli.main",
    "zoo_cli.openmp",
    "zoo_cli.plugin",
    "zoo_cli.terminal.output",
    "zoo_cli.terminal.signals",
}
"""The modules of ours, packages left out, that may be imported there."""
SLOW = {
    *("asyncio", "concurrent", "dataclasses", "email", "hashlib", "http", "importlib.metadata"),
    *("logging", "multiprocessing", "pathlib", "ssl", "tomllib", "zipfile"),
}
"""Of the standard library, what takes milliseconds and is needed by no list."""
DECLARATIVE = sorted(
    ".".join(path.relative_to(ROOT).with_suffix("").parts[3:])
    for name in ("plugin.py", "configs.py")
    for path in ROOT.glob(f"plugins/*/src/*/{name}")
)
BLOCKER = f"""
import importlib, sys

sys.path += {SOURCE_FOLDERS!r}  # of heavy plugins, which may not be installed

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {HEAVY!r} or name.startswith("zoo_core.runtime"):
            raise ImportError("too heavy: " + name)

sys.meta_path.insert(0, Blocker())
"""


def _modules_after(source: str) -> set[str]:
    """What a fresh Python has imported after running the source."""
    program = f"{source}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    environment = {
        name: value
        for name, value in os.environ.items()
        if name == "ZOO_HOME" or not name.startswith("ZOO_")
    }
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    ("source", "used"),
    [
        ("import zoo_core", "zoo_core"),
        (
            "from zoo_core.plugins.catalog import load_catalog; assert load_catalog().entries",
            "zoo_lstm.plugin",
        ),
        ("import zoo_core; assert zoo_core.list_models('lstm*')", "zoo_lstm.plugin"),
        ("import zoo_core.testing.pytest_plugin", "zoo_core.testing"),
        (
            "import zoo_core.testing.suite, zoo_cli.commands.plugins.check",
            "zoo_core.testing.checks.plugins",
        ),
    ],
)
def test_the_core_and_its_lists_import_nothing_heavy(source: str, used: str) -> None:
    imported = _modules_after(source)
    assert used in imported
    assert not imported & (HEAVY | {"zoo_core.runtime"})


def test_plugins_and_configs_import_where_nothing_heavy_is_installed() -> None:
    assert len(DECLARATIVE) >= 10
    imports = "\n".join(f"importlib.import_module({name!r})" for name in DECLARATIVE)
    assert set(DECLARATIVE) <= _modules_after(BLOCKER + imports)


def test_the_runtime_is_imported_when_it_is_first_used() -> None:
    imported = _modules_after("import zoo_core; zoo_core.load")
    assert {"zoo_core.runtime.api", "torch"} <= imported


@pytest.fixture(
    params=[
        RUN.format(["list"]),
        RUN.format(["--help"]),
        COMPLETE.format(
            {"_ZOO_COMPLETE": "bash_complete", "COMP_WORDS": "zoo li", "COMP_CWORD": "1"},
            RUN.format([]),
        ),
    ],
    ids=["list", "help", "completion"],
)
def on_the_way(request: pytest.FixtureRequest) -> set[str]:
    """What is imported on the way to a list, a help page or a completion."""
    source: str = request.param
    return _modules_after(source) - _modules_after("")


def test_only_named_libraries_are_imported_on_the_way(on_the_way: set[str]) -> None:
    packages = {name.partition(".")[0] for name in on_the_way}
    libraries = {name for name in packages - sys.stdlib_module_names if name[:4] != "zoo_"}
    assert {"click"} <= libraries <= LIGHT
    assert not on_the_way & SLOW


def test_only_named_modules_of_ours_are_imported_on_the_way(on_the_way: set[str]) -> None:
    ours = {name for name in on_the_way if name.startswith("zoo_")}
    packages = {name.rpartition(".")[0] for name in ours}
    extra = ours - packages
    built_in = {name for name in extra if name.startswith(("zoo_core.", "zoo_cli."))}
    assert built_in <= ON_THE_WAY
    assert {name.partition(".")[2] for name in extra - built_in} == {"plugin"}


EVERY_MODEL = """
import sys
from zoo_cli.main import run
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.checkpoints import checkpoint

checkpoint.training_curve = lambda *arguments: b""  # drawing would take most of the time
folder = sys.path[-1]
text = ["--dataset", "text", "--dataset.path", f"{folder}/text.txt"]
windows = [*text, "--dataset.per", "sequence", "--dataset.sampling", "random"]
grids = ["--dataset.validation", "0.01", "--dataset.test", "0.01", "--budget", "0.1s"]
data = {
    "char-three": [*windows, "--dataset.steps", "3"],
    "cnn2d": grids,
    "cnn3d": [*grids, "--dataset.frames", "4"],
    "word-three": [*windows, "--dataset.steps", "3"],
}
series = ["--dataset", "sales"]
assert run(["predict", "lstm-embed", "hello"]) == 0
for entry in load_catalog().of(ModelSpec):
    name = entry.spec.name
    assert run(["show", name]) == 0, name
    options = data.get(name, text if "step" in entry.spec.per else windows)
    if "tokens" not in entry.spec.accepts and name not in data:
        options = series
    if entry.spec.context:
        options = ["--dataset", "number-words", "--budget", "0.1s"]
    out = ["--trainer.epochs", "1", "--out", f"{folder}/{name}"]
    assert run(["train", name, *options, *out]) == 0, name
"""


@pytest.mark.gate
def test_using_any_model_leaves_the_compiler_of_torch_alone(tmp_path: Path) -> None:
    (tmp_path / "text.txt").write_text("the quick brown fox jumps over the lazy dog\n" * 9, "utf-8")
    modules = _modules_after(f"import sys; sys.path.append({str(tmp_path)!r})\n{EVERY_MODEL}")
    assert "torch" in modules
    assert not modules & {"torch._dynamo", "torch._inductor", "sympy"}
