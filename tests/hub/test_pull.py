"""``zoo pull``: pinned, checked byte for byte, gone on with, and refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.hub.conftest import Registry
from tests.hub.server import TOKEN, Fault, Hub

REPO = "hub:owner/hello"
LARGE = r"GET /large/"


def pulled(folder: Path) -> dict[str, bytes]:
    """What lies in a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_branch_is_resolved_and_every_byte_arrives(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path
) -> None:
    repo = hub.repo("owner/hello", files | {"train.py": b"evil", "model.bin": b"pickle"})
    result = zoo("pull", REPO, "--to", tmp_path / "here")
    assert result.code == 0, result.stderr
    assert f"main is {repo.branches['main']}" in result.stderr
    assert pulled(tmp_path / "here") == files
    assert not any("train.py" in each or "model.bin" in each for each in hub.requests)


def test_what_is_pulled_predicts(hub: Hub, zoo: Zoo, files: dict[str, bytes]) -> None:
    hub.repo("owner/hello", files)
    result = zoo("predict", REPO, "hello")
    assert result.stdout == "ohlol\n"
    assert "main is " in result.stderr


def test_a_commit_that_is_cached_needs_no_request(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", f"{REPO}@{sha}").code == 0
    hub.requests.clear()
    assert zoo("pull", f"{REPO}@{sha}").code == 0
    assert zoo("pull", f"{REPO}@{sha}", HF_HUB_OFFLINE="1").code == 0
    assert hub.requests == []


def test_what_was_spoilt_in_the_cache_is_fetched_again(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], home: Path
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", REPO).code == 0
    (weights,) = home.glob("**/snapshots/*/model.safetensors")
    weights.write_bytes(files["model.safetensors"][:-1] + b"!")
    assert zoo("pull", f"{REPO}@{sha}").code == 0
    assert weights.read_bytes() == files["model.safetensors"]


def test_the_token_is_told_to_the_hub_alone(hub: Hub, zoo: Zoo, files: dict[str, bytes]) -> None:
    hub.repo("owner/hello", files, private=True)
    assert zoo("pull", REPO).code == 0
    assert hub.tokens
    assert not any(TOKEN in each for each in hub.tokens)


def test_a_registry_pins_the_commit_and_the_bytes(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], registry: Registry, tmp_path: Path
) -> None:
    repo = hub.repo("owner/hello", files)
    pins = str(registry(repo.branches["main"], files))
    repo.commit(files | {"README.md": b"moved on"})
    arguments = ("pull", "lstm-embed.tiny", "--to", tmp_path / "here")
    assert zoo(*arguments, ZOO_REGISTRY=pins).code == 0
    assert pulled(tmp_path / "here") == files


def test_bytes_that_the_registry_does_not_pin_are_quarantined(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], registry: Registry, tmp_path: Path, home: Path
) -> None:
    weights = files["model.safetensors"]
    other = weights[:-1] + bytes([weights[-1] ^ 1])
    sha = hub.repo("owner/hello", files | {"model.safetensors": other}).branches["main"]
    pins = str(registry(sha, files))
    result = zoo("pull", "lstm-embed.tiny", "--to", tmp_path / "here", ZOO_REGISTRY=pins)
    assert result.code == 4
    assert "the registry says" in result.stderr
    assert not (tmp_path / "here").exists()
    assert len(list((home / "zoo" / "partial").glob("*.quarantine"))) == 1


def test_a_flipped_byte_is_caught_with_both_hashes(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path
) -> None:
    hub.repo("owner/hello", files)
    hub.faults = [Fault(LARGE, "flip")]
    result = zoo("pull", REPO, "--to", tmp_path / "here")
    assert result.code == 4
    assert "model.safetensors has sha256" in result.stderr
    assert "the Hub says" in result.stderr
    assert not (tmp_path / "here").exists()
    assert zoo("pull", REPO, "--to", tmp_path / "here").code == 0
    assert pulled(tmp_path / "here") == files


def test_a_flipped_byte_of_a_small_file_is_caught_too(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    hub.repo("owner/hello", files)
    hub.faults = [Fault(r"GET .*/config.json", "flip")]
    result = zoo("pull", REPO)
    assert result.code == 4
    assert "has the git hash" in result.stderr


@pytest.mark.parametrize(
    "fault",
    [
        Fault(r"GET /api/models", "status", 503),
        Fault(r"POST .*/paths-info", "status", 429),
        Fault(r"HEAD .*model", "reset"),
        Fault(LARGE, "status", 500),
        Fault(LARGE, "cut", 100),
        Fault(LARGE, "reset"),
    ],
    ids=lambda fault: f"{fault.where} {fault.kind} {fault.value}",
)
def test_passing_trouble_is_waited_out(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path, fault: Fault
) -> None:
    hub.repo("owner/hello", files)
    hub.faults = [fault]
    result = zoo("pull", REPO, "--to", tmp_path / "here")
    assert result.code == 0, result.stderr
    assert pulled(tmp_path / "here") == files
    assert hub.faults == []


def test_a_download_goes_on_in_another_run(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path
) -> None:
    hub.repo("owner/hello", files)
    hub.faults = [Fault(LARGE, "cut", 200), *[Fault(LARGE, "status", 503)] * 9]
    assert zoo("pull", REPO).code == 5
    hub.faults = []
    hub.requests.clear()
    assert zoo("pull", REPO, "--to", tmp_path / "here").code == 0
    assert pulled(tmp_path / "here") == files


@pytest.mark.parametrize(
    ("how", "settings", "code", "said"),
    [
        ({}, {"HF_ENDPOINT": "http://127.0.0.1:9"}, 5, "cannot reach http://127.0.0.1:9"),
        ({}, {"HF_HUB_OFFLINE": "1"}, 5, "HF_HUB_OFFLINE forbids"),
        ({"private": True}, {"HF_TOKEN": ""}, 3, "if it is private, log in"),
        ({"gated": True}, {}, 5, "is gated: ask for access at"),
        ({}, {"HF_TOKEN": "hf_wrong"}, 5, "does not accept the token"),
    ],
)
def test_refusals_are_told_apart(
    hub: Hub,
    zoo: Zoo,
    files: dict[str, bytes],
    how: dict[str, bool],
    settings: dict[str, str],
    code: int,
    said: str,
) -> None:
    hub.repo("owner/hello", files, **how)
    result = zoo("pull", REPO, **settings)
    assert result.code == code, result.stderr
    assert said in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1
    assert "hf_wrong" not in result.stderr


@pytest.mark.parametrize(
    ("reference", "code", "said"),
    [
        ("hub:owner/nobody", 3, "no repo owner/nobody"),
        (f"{REPO}@nowhere", 3, "has no such revision"),
        (f"{REPO}@{'0' * 40}", 3, "has no such revision"),
        ("hub:owner", 3, "names no Hub repo"),
        ("hub:owner/empty", 3, "it has no config.json"),
    ],
)
def test_what_is_not_there_is_exit_3(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], reference: str, code: int, said: str
) -> None:
    hub.repo("owner/hello", files)
    hub.repo("owner/empty", {"README.md": b""})
    result = zoo("pull", reference)
    assert result.code == code, result.stderr
    assert said in result.stderr


def test_a_moved_repo_is_said_to_have_moved(hub: Hub, zoo: Zoo, files: dict[str, bytes]) -> None:
    hub.repo("owner/renamed", files)
    hub.repo("owner/hello", moved="owner/renamed")
    result = zoo("pull", REPO)
    assert result.code == 0, result.stderr
    assert "owner/hello has moved to owner/renamed" in result.stderr


def test_an_unreachable_hub_leaves_the_last_commit_and_says_so(
    hub: Hub, zoo: Zoo, files: dict[str, bytes]
) -> None:
    sha = hub.repo("owner/hello", files).branches["main"]
    assert zoo("pull", REPO).code == 0
    result = zoo("pull", REPO, HF_ENDPOINT="http://127.0.0.1:9")
    assert result.code == 0
    assert f"taking {sha}, which main meant when it was last asked" in result.stderr


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("model.safetensors", b"<!DOCTYPE html>", "it is a web page"),
        ("model.safetensors", b"version https://git-lfs.github.com/spec/v1", "a Git LFS pointer"),
        ("config.json", b"not json", "Expecting value"),
        ("config.json", b"{}", "format None"),
    ],
)
def test_a_repo_with_other_things_in_it_is_exit_4(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], tmp_path: Path, name: str, data: bytes, said: str
) -> None:
    hub.repo("owner/hello", files | {name: data})
    result = zoo("pull", REPO, "--to", tmp_path / "here")
    assert result.code == 4, result.stderr
    assert said in result.stderr
    assert not (tmp_path / "here").exists()


def test_a_target_that_is_there_is_left_alone(
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
    facts = zoo("show", REPO, "--json").json
    assert (facts["model"], facts["revision"]) == ("lstm-embed", sha)
    assert facts["metrics"]["train"]["accuracy"] == 1.0
    assert not any("safetensors" in each or "/large/" in each for each in hub.requests)


def test_a_repo_that_is_no_checkpoint_is_not_shown(hub: Hub, zoo: Zoo) -> None:
    hub.repo("owner/hello", {"config.json": b"{}"})
    result = zoo("show", REPO)
    assert result.code == 4
    assert "owner/hello: config.json: format None" in result.stderr
