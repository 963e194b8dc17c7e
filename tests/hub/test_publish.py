"""``zoo registry publish``, ``add`` and ``verify --online``: every shipped checkpoint on a Hub."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.hub.conftest import InTurn
from tests.hub.server import Fault, Hub
from zoo_core.plugins.catalog import load_catalog
from zoo_core.registry.checkpoints import load_registry
from zoo_core.registry.file import Pretrained, read_registry
from zoo_core.registry.sources import registry_path
from zoo_core.runtime.locate import entry_folder

SHIPPED = load_registry(load_catalog().registries)
EXACT = ("config.json", "model.safetensors")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the shipped registry, with a comment at its end."""
    path = tmp_path / "registry.toml"
    shutil.copyfile(registry_path(), path)
    with path.open("a") as file:
        file.write("# The last word.\n")
    return path


def entries(path: Path) -> dict[str, Pretrained]:
    """The checkpoints of a registry by name."""
    return {entry.name: entry for entry in read_registry(path).checkpoints}


def test_every_shipped_checkpoint_is_pushed_and_pulled(
    hub: Hub, zoo: Zoo, in_turn: InTurn, copy: Path, tmp_path: Path
) -> None:
    result = zoo("registry", "publish", "--namespace", "owner", "--registry", copy, "--json")
    assert result.code == 0, result.stderr
    assert [row["name"] for row in result.json] == [*entries(registry_path())]
    published = entries(copy)
    assert published.keys() == SHIPPED.keys()
    pulls = [("pull", name, "--registry", copy, "--to", tmp_path / name) for name in published]
    for result in in_turn("pulls", pulls):
        assert result.code == 0, result.stderr
    for name, entry in published.items():
        assert entry.source == f"hub:owner/{name}"
        assert entry.revision == hub.repos[f"owner/{name}"].branches["main"]
        assert (entry.summary, entry.license) == (SHIPPED[name].summary, SHIPPED[name].license)
        shipped = entry_folder(SHIPPED[name])
        for file in EXACT:
            assert (tmp_path / name / file).read_bytes() == (shipped / file).read_bytes()
    assert "# The last word." in copy.read_text()
    verified = zoo("registry", "verify", "--online", "--registry", copy, "--json")
    assert verified.code == 0, verified.stderr
    assert {row["verdict"] for row in verified.json} == {"ok"}


def test_publishing_continues_where_it_failed(hub: Hub, zoo: Zoo, copy: Path) -> None:
    blocks = copy.read_text().split("\n[checkpoints.")
    copy.write_text("\n[checkpoints.".join(blocks[:4]))
    names = list(entries(copy))
    third = rf"POST /api/models/owner/{names[2]}/commit"
    hub.faults = [Fault(third, "status", 503)] * 30
    command = ("registry", "publish", "--namespace", "owner", "--registry", copy)
    assert zoo(*command).code == 5
    sources = [entry.source.partition(":")[0] for entry in entries(copy).values()]
    assert sources == ["hub", "hub", "package"]
    hub.faults = []
    hub.requests.clear()
    assert zoo(*command).code == 0
    assert {entry.source.partition(":")[0] for entry in entries(copy).values()} == {"hub"}
    assert not any(f"/{name}/" in line for name in names[:2] for line in hub.requests)
    assert [line for line in hub.requests if line.startswith("PUT /large/")] == []
    hub.requests.clear()
    assert zoo(*command).code == 0
    assert hub.requests == []


def test_a_repo_is_added_with_its_commit(hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    path = tmp_path / "registry.toml"
    path.write_text("schema = 1\n")
    assert zoo("push", hello, "owner/hello", "--license", "mit").code == 0
    added = zoo("registry", "add", "hub:owner/hello", "--registry", path)
    assert added.code == 0, added.stderr
    (entry,) = read_registry(path).checkpoints
    assert (entry.name, entry.source) == ("lstm-embed.hello", "hub:owner/hello")
    assert entry.revision == hub.repos["owner/hello"].branches["main"]
    assert entry.license == "mit"
    assert zoo("predict", "lstm-embed", "hello", "--registry", path).stdout == "ohlol\n"
    assert zoo("--registry", path, "predict", "lstm-embed", "hello").stdout == "ohlol\n"


def test_a_repo_that_is_gone_does_not_hide_the_others(
    hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    path = tmp_path / "registry.toml"
    path.write_text("schema = 1\n")
    for name in ("one", "two"):
        assert zoo("push", hello, f"owner/{name}").code == 0
        flags = ("--name", f"lstm-embed.{name}", "--registry", path)
        assert zoo("registry", "add", f"hub:owner/{name}", *flags).code == 0
    del hub.repos["owner/one"]
    settings = {"HF_HOME": str(tmp_path / "another")}
    verified = zoo("registry", "verify", "--online", "--registry", path, "--json", **settings)
    assert verified.code == 3
    assert [row["verdict"] for row in verified.json] == ["failed", "ok"]


@pytest.mark.parametrize("namespace", ["", "../owner", "owner/repo", "-owner"])
def test_an_invalid_namespace_is_refused(hub: Hub, zoo: Zoo, copy: Path, namespace: str) -> None:
    result = zoo("registry", "publish", f"--namespace={namespace}", "--registry", copy)
    assert result.code == 6
    assert "expected a user or an organization" in result.stderr
    assert hub.requests == []
