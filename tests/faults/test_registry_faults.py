"""The registry: not TOML, hostile, of a newer schema."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case

SHA = f'size = 1, sha256 = "{"0" * 64}"'
COMMIT = "a" * 40
LEFT = "the registry as it was"
LINE = "Error: …registry.toml, line 2: checkpoint 'a.b': "


def entry(
    source: str = "hub:o/r",
    revision: str = COMMIT,
    files: str = f'files."config.json" = {{ {SHA} }}',
) -> str:
    """Returns a registry with one checkpoint, which begins in line 2."""
    pinned = f'revision = "{revision}"\n' if revision else ""
    return f'schema = 1\n[checkpoints.a.b]\nsource = "{source}"\n{pinned}{files}\n'


def file(name: str) -> str:
    """Returns a registry that pins a file of this name."""
    return entry(files=f"files.'{name}' = {{ {SHA} }}")


@pytest.mark.parametrize(
    "text",
    [
        case((26, "no TOML", "Error: …registry.toml: … line 2, column …", 6, LEFT), "\n]\n"),
        case(
            (26, "not UTF-8", "Error: …registry.toml: not a readable registry: …", 6, LEFT),
            "\udcff",
        ),
        case(
            (27, "a branch", LINE + "revision 'main' can move: …", 6, LEFT), entry(revision="main")
        ),
        case(
            (27, "a short hash", LINE + "revision … can move: …", 6, LEFT), entry(revision="a" * 7)
        ),
        case((27, "no revision", LINE + "revision '' can move: …", 6, LEFT), entry(revision="")),
        case((27, "http", LINE + "source …: expected …", 6, LEFT), entry("http://evil.example/x")),
        case(
            (27, "a file URL", LINE + "source …: expected …", 6, LEFT), entry("file:///etc/passwd")
        ),
        case(
            (27, "a package that climbs", LINE + "source …: …", 6, LEFT),
            entry("package:p/../x", ""),
        ),
        case((27, "a repo that climbs", LINE + "source …: …", 6, LEFT), entry("hub:../..")),
        case(
            (27, "../ in a file", LINE + "file '../x' leaves its folder, …", 6, LEFT), file("../x")
        ),
        case((27, "a POSIX path", LINE + "file '/etc/x' leaves …", 6, LEFT), file("/etc/x")),
        case((27, "a Windows path", LINE + "file … leaves its folder, …", 6, LEFT), file("..\\x")),
        case((27, "a drive", LINE + "file 'C:x' leaves its folder, …", 6, LEFT), file("C:x")),
        case((27, "a device of Windows", LINE + "file 'nul.txt' …", 6, LEFT), file("nul.txt")),
        case((27, "a dot at the end", LINE + "file 'x.' …", 6, LEFT), file("x.")),
        case(
            (27, "a name twice", "Error: …registry.toml: … line …", 6, LEFT),
            entry() + "[checkpoints.a.b]\n",
        ),
        case(
            (
                28,
                "a newer schema",
                "Error: …registry.toml, line 1: schema = 2 is newer than …: pip install …",
                6,
                LEFT,
            ),
            "schema = 2\n",
        ),
    ],
)
def test_an_invalid_registry_is_refused(
    zoo: Zoo, met: Met, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    path = tmp_path / "registry.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    monkeypatch.setenv("ZOO_REGISTRY", str(path))
    met(zoo("list", "checkpoints"))
    met(zoo("predict", "lstm-embed", "hello"))
    for needs_none in (["list"], ["list", "recipes"], ["show", "lstm-embed"], ["--help"]):
        assert zoo(*needs_none).code == 0, needs_none
    assert path.read_bytes() == text.encode("utf-8", "surrogateescape")


def test_a_broken_registry_leaves_training_alone(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "registry.toml"
    path.write_text("[broken")
    monkeypatch.setenv("ZOO_REGISTRY", str(path))
    run = zoo("train", "lstm-embed", "--trainer.epochs", 1, "--out", tmp_path / "run")
    assert run.code == 0, run
