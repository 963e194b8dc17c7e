"""``zoo pull``: pinned, verified byte for byte, resumed, and refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.hub.conftest import Registry
from tests.hub.server import TOKEN, Hub

REPO = "hub:owner/hello"
LARGE = r"GET /large/"


def pulled(folder: Path) -> dict[str, bytes]:
    """The files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_branch_is_resolved_and_every_byte_arrives(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path
) -> None:
    repo = hub.repo("owner/hello", files | {"train.py": b"evil", "model.bin": b"pickle"})
    result = zoo("pull", REPO, "--to", tmp_path / "here")
    assert result.code == 0, result.stderr
    assert f"main is {repo.branches['main']}" in result.stderr
    assert pulled(tmp_path / "here") == files
    assert not any(name in line for name in ("train.py", "model.bin") for line in hub.requests)


def test_a_pulled_checkpoint_predicts(hub: Hub, zoo: Zoo, files: dict[str, bytes]) -> None:
    hub.repo("owner/hello", files)
    result = zoo("predict", REPO, "hello")
    assert result.stdout == "ohlol\n"
    assert "main is " in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("train", "lstm-embed", "--from", REPO, "--trainer.epochs", "1"),
        ("show", REPO),
        ("show", REPO, "--shapes"),
        ("evaluate", REPO),
        ("diff", REPO, REPO),
        ("verify", REPO),
    ],
    ids=["train", "show", "shapes", "evaluate", "diff", "verify"],
)
def test_every_command_prints_the_commit_that_a_branch_means(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], arguments: tuple[str, ...]
) -> None:
    repo = hub.repo("owner/hello", files)
    result = zoo(*arguments)
    assert result.code == 0, result.stderr
    assert f"main is {repo.branches['main']}\n" in result.stderr
    assert "main is" not in result.stdout


def test_a_commit_that_is_cached_needs_no_request(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", f"{REPO}@{sha}").code == 0
    hub.requests.clear()
    assert zoo("pull", f"{REPO}@{sha}").code == 0
    assert zoo("pull", f"{REPO}@{sha}", HF_HUB_OFFLINE="1").code == 0
    assert hub.requests == []


def test_damaged_weights_in_the_cache_are_downloaded_again(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], home: Path
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", REPO).code == 0
    (weights,) = home.glob("**/snapshots/*/model.safetensors")
    weights.write_bytes(files["model.safetensors"][:-1] + b"!")
    assert zoo("pull", f"{REPO}@{sha}").code == 0
    assert weights.read_bytes() == files["model.safetensors"]


def test_the_token_goes_to_the_hub_only(hub: Hub, zoo: Zoo, files: dict[str, bytes]) -> None:
    hub.repo("owner/hello", files, private=True)
    assert zoo("pull", REPO).code == 0
    assert hub.tokens
    assert not any(TOKEN in header for header in hub.tokens)


def test_a_registry_pins_the_commit_and_the_bytes(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], registry: Registry, tmp_path: Path
) -> None:
    repo = hub.repo("owner/hello", files)
    pins = str(registry(repo.branches["main"], files))
    repo.commit(files | {"README.md": b"moved on"})
    arguments = ("pull", "lstm-embed.tiny", "--to", tmp_path / "here")
    assert zoo(*arguments, ZOO_REGISTRY=pins).code == 0
    assert pulled(tmp_path / "here") == files


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ("hub:owner", "names no Hub repo"),
        ("hub:owner/a--b", "names no Hub repo"),
        ("hub:../..", "names no Hub repo"),
        ("hub:-owner/a", "names no Hub repo"),
        ("hub:owner/a.git", "names no Hub repo"),
        (f"{REPO}@../../main", "names no Hub repo"),
        ("./nothing", "no checkpoint in nothing"),
    ],
)
def test_an_unknown_checkpoint_is_exit_3(hub: Hub, zoo: Zoo, reference: str, message: str) -> None:
    result = zoo("pull", reference)
    assert result.code == 3, result.stderr
    assert message in result.stderr
    assert hub.requests == []


def test_an_unreachable_hub_leaves_the_last_commit_with_a_warning(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", REPO).code == 0
    result = zoo("pull", REPO, HF_ENDPOINT="http://127.0.0.1:9")
    assert result.code == 0
    assert f"taking {sha}, which main meant when it was last asked" in result.stderr


def test_an_address_that_is_none_of_http_is_refused_at_once(hub: Hub, zoo: Zoo) -> None:
    result = zoo("pull", REPO, HF_ENDPOINT="huggingface.co")
    assert result.code == 6
    message = "HF_ENDPOINT = 'huggingface.co': expected an address such as https://huggingface.co"
    assert result.stderr == f"Error: {message}\n"
    assert hub.requests == []


def test_an_existing_target_is_left_alone(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path
) -> None:
    hub.repo("owner/hello", files)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "mine").write_text("mine")
    result = zoo("pull", REPO, "--to", tmp_path / "here")
    assert result.code == 6
    assert pulled(tmp_path / "here") == {"mine": b"mine"}


def test_a_remote_checkpoint_is_shown_without_its_weights(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    description = zoo("show", REPO, "--json").json
    assert (description["model"], description["revision"]) == ("lstm-embed", sha)
    assert description["metrics"]["train"]["accuracy"] == 1.0
    assert not any(part in line for part in ("safetensors", "/large/") for line in hub.requests)


def test_a_repo_that_is_no_checkpoint_is_not_shown(hub: Hub, zoo: Zoo) -> None:
    hub.repo("owner/hello", {"config.json": b"{}"})
    result = zoo("show", REPO)
    assert result.code == 4
    assert "owner/hello: config.json: no format: it is not the manifest of" in result.stderr


def test_the_commit_of_a_branch_is_recorded_even_if_its_files_are_cached(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    repo = hub.repo("owner/hello", files)
    assert zoo("pull", REPO).code == 0
    moved = repo.commit(files | {"README.md": b"moved on"})
    assert zoo("pull", f"{REPO}@{moved}").code == 0
    assert zoo("pull", REPO).code == 0
    assert f"taking {moved}" in zoo("pull", REPO, HF_HUB_OFFLINE="1").stderr


def test_the_working_directory_is_refused_as_a_target(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repo("owner/hello", files)
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    result = zoo("pull", REPO, "--to", ".")
    assert result.code == 6
    assert "choose a folder that is new" in result.stderr
