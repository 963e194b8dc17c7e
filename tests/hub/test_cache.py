"""The Hub's cache: shared by processes, read-only, without a network."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.hub.process import NETWORK_USED
from tests.hub.server import Fault, Hub

REPO = "hub:owner/hello"


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Makes a folder and those below it read-only inside."""
    folders = [folder, *(path for path in folder.rglob("*") if path.is_dir())]
    for path in folders:
        path.chmod(0o555)
    try:
        yield
    finally:
        for path in folders:
            path.chmod(0o755)


def test_three_pulls_at_once_download_it_once(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path
) -> None:
    hub.repo("owner/hello", files)
    hub.faults = [Fault(r"GET /large/", "slow", 1)]
    targets = [tmp_path / name for name in ("one", "two", "three")]
    with ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda target: zoo("pull", REPO, "--to", target), targets))
    assert [result.code for result in results] == [0, 0, 0], [result.stderr for result in results]
    for target in targets:
        assert {path.name: path.read_bytes() for path in target.iterdir()} == files
    assert sum(line.startswith("GET /large/") for line in hub.requests) == 1


def test_a_read_only_cache_that_has_it_serves_it(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], home: Path
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", REPO).code == 0
    with read_only(home):
        for reference in (f"{REPO}@{sha}", REPO):
            result = zoo("predict", reference, "hello")
            assert (result.code, result.stdout) == (0, "ohlol\n"), result.stderr


def test_a_read_only_cache_that_lacks_it_is_named(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], home: Path
) -> None:
    hub.repo("owner/hello", files)
    home.mkdir(exist_ok=True)
    with read_only(home):
        result = zoo("pull", REPO)
    assert result.code == 6
    assert "cannot write" in result.stderr
    assert "Permission denied" in result.stderr


def test_local_checkpoints_are_used_without_the_network(
    offline_zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    for reference in (hello, "lstm-embed"):
        result = offline_zoo("predict", reference, "hello")
        assert (result.code, result.stdout) == (0, "ohlol\n"), result.stderr
    folder = tmp_path / "prose"
    assert offline_zoo("pull", "lstm-embed.python-docs", "--to", folder).code == 0
    text = offline_zoo("generate", folder, "--prompt", "The ", "--length", "20")
    assert (text.code, len(text.stdout)) == (0, 25), text.stderr
    assert offline_zoo("pull", REPO).code == NETWORK_USED


def test_a_cached_manifest_is_shown_without_the_hub(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    hub.repo("owner/hello", files)
    assert zoo("pull", REPO).code == 0
    result = zoo("show", REPO, "--json", HF_HUB_OFFLINE="1")
    assert result.code == 0, result.stderr
    assert result.json["model"] == "lstm-embed"
    assert "which main meant when it was last asked" in result.stderr


def test_a_refusal_is_not_answered_from_the_cache(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    repo = hub.repo("owner/hello", files)
    assert zoo("pull", REPO).code == 0
    assert zoo("pull", REPO, HF_TOKEN="hf_wrong").code == 5
    repo.gated = True
    assert zoo("pull", REPO).code == 5


def test_a_manifest_that_was_changed_in_the_cache_is_downloaded_again(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], home: Path
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", REPO).code == 0
    (manifest,) = home.glob("**/snapshots/*/config.json")
    manifest.write_bytes(files["config.json"].replace(b'"accuracy": 1.0', b'"accuracy": 0.5'))
    assert zoo("pull", f"{REPO}@{sha}").code == 0
    assert manifest.read_bytes() == files["config.json"]


@pytest.mark.parametrize("name", ["README.md", "model.safetensors"])
def test_a_pull_that_breaks_off_is_unfinished_until_every_file_is_there(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path, name: str
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    hub.faults = [Fault(f"HEAD .*/{name}", "status", 403)]
    assert zoo("pull", REPO).code == 5
    registry = tmp_path / "registry.toml"
    registry.write_text("schema = 1\n")
    added = zoo("registry", "add", f"{REPO}@{sha}", "--registry", registry)
    assert added.code == 0, added.stderr
    assert zoo("pull", f"{REPO}@{sha}", "--to", tmp_path / "here").code == 0
    assert {path.name: path.read_bytes() for path in (tmp_path / "here").iterdir()} == files


def test_a_cache_without_the_card_is_completed_or_served_as_it_is(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], home: Path
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", REPO).code == 0
    (card,) = home.glob("**/snapshots/*/README.md")
    card.unlink()
    offline = zoo("pull", f"{REPO}@{sha}", HF_HUB_OFFLINE="1")
    assert (offline.code, card.exists()) == (0, False)
    assert "has no README.md" in offline.stderr
    assert zoo("pull", f"{REPO}@{sha}").code == 0
    assert card.read_bytes() == files["README.md"]


def test_a_moved_repo_is_found_by_its_redirect(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path
) -> None:
    hub.repo("owner/renamed", files)
    hub.repo("owner/hello", moved="owner/renamed", redirects=True)
    result = zoo("pull", REPO, "--to", tmp_path / "here")
    assert result.code == 0, result.stderr
    assert "owner/hello has moved to owner/renamed" in result.stderr
    assert (tmp_path / "here" / "config.json").read_bytes() == files["config.json"]
