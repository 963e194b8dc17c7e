"""``zoo push``: one commit, nothing sent twice, users' edits of the card kept."""

from __future__ import annotations

import copy
import getpass
import hashlib
import json
import pickle
import platform
import shutil
import tomllib
from pathlib import Path

import pytest
import torch
from huggingface_hub.utils._runtime import is_xet_available

from tests.cli.command import Zoo
from tests.hub.server import TOKEN, Fault, Hub
from zoo_core.runtime.checkpoints.frontmatter import split_card
from zoo_core.runtime.checkpoints.tensors import read_tensors, to_bytes

FILES = {
    "README.md",
    "config.json",
    "curve.png",
    "history.jsonl",
    "model.safetensors",
    "recipe.toml",
}
COMMIT = r"POST .*/commit/"


def commits(hub: Hub) -> int:
    """The number of commits on top of the first."""
    return len(hub.repos["owner/hello"].commits) - 1


def head(hub: Hub, branch: str = "main") -> dict[str, bytes]:
    """The files at the head of a branch."""
    repo = hub.repos["owner/hello"]
    return repo.commits[repo.branches[branch]]


def test_a_pushed_checkpoint_is_pulled_byte_for_byte(
    hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    result = zoo("push", hello, "owner/hello")
    assert result.code == 0, result.stderr
    assert set(head(hub)) == FILES
    assert commits(hub) == 1
    assert zoo("pull", "hub:owner/hello", "--to", tmp_path / "back").code == 0
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "back" / name).read_bytes() == (hello / name).read_bytes()


def test_the_entry_that_is_printed_pulls_it(
    hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    printed = zoo("push", hello, "owner/hello", "--json").json
    assert printed["repo"] == "owner/hello"
    assert printed["revision"] == hub.repos["owner/hello"].branches["main"]
    registry = tmp_path / "registry.toml"
    registry.write_text(f"schema = 1\n{printed['entry']}")
    assert list(tomllib.loads(registry.read_text())["checkpoints"]) == ["lstm-embed"]
    result = zoo("predict", "lstm-embed.hello", "hello", ZOO_REGISTRY=str(registry))
    assert result.stdout == "ohlol\n"


def test_a_second_push_of_the_same_makes_no_commit(hub: Hub, zoo: Zoo, hello: Path) -> None:
    first = zoo("push", hello, "owner/hello", "--json").json
    again = zoo("push", hello, "owner/hello", "--json").json
    assert again == first
    assert commits(hub) == 1


def test_a_users_text_survives_a_second_push(hub: Hub, zoo: Zoo, hello: Path) -> None:
    assert zoo("push", hello, "owner/hello").code == 0
    repo = hub.repos["owner/hello"]
    card = head(hub)["README.md"] + b"\n## Thanks\n\nTo everybody.\n"
    repo.commit(head(hub) | {"README.md": card})
    manifest = json.loads((hello / "config.json").read_text())
    (hello / "config.json").write_text(json.dumps(manifest | {"epochs": 99}))
    assert zoo("push", hello, "owner/hello").code == 0
    assert b"99 epochs" in head(hub)["README.md"]
    assert head(hub)["README.md"].count(b"To everybody.") == 1


def test_the_card_says_how_to_use_the_model(hub: Hub, zoo: Zoo, hello: Path) -> None:
    assert zoo("push", hello, "owner/hello").code == 0
    card = head(hub)["README.md"].decode()
    assert "library_name: zoo-core" in card
    assert "model-index:" in card
    assert "zoo predict hub:owner/hello ehlo" in card


def test_a_dry_run_builds_the_folder_without_a_request(
    hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    result = zoo("push", hello, "owner/hello", "--dry-run", "--to", tmp_path / "built")
    assert result.code == 0, result.stderr
    assert {path.name for path in (tmp_path / "built").iterdir()} == FILES
    assert hub.requests == []
    trained = zoo("train", "lstm-embed", "--config", tmp_path / "built" / "recipe.toml", "--json")
    again = Path(trained.json["checkpoint"]) / "model.safetensors"
    assert again.read_bytes() == (hello / "model.safetensors").read_bytes()


def test_no_request_contains_a_path_user_or_host_name(
    hub: Hub, zoo: Zoo, trained_on_a_file: Path
) -> None:
    user = {"USER": "telling-user", "LOGNAME": "telling-user", "HOSTNAME": "telling-host"}
    home = str(trained_on_a_file.parent)
    result = zoo("push", trained_on_a_file, "owner/hello", HOME=home, **user)
    assert result.code == 0, result.stderr
    assert head(hub)["config.json"] == (trained_on_a_file / "config.json").read_bytes()
    assert b'"path": "letters.txt"' in head(hub)["config.json"]
    _check_nothing_local(hub, home)


def test_a_push_shortens_the_paths_of_an_older_manifest(
    hub: Hub, zoo: Zoo, trained_on_a_file: Path, tmp_path: Path
) -> None:
    written = json.loads((trained_on_a_file / "config.json").read_text())
    local = json.loads((trained_on_a_file / "state" / "local.json").read_text())
    older = copy.deepcopy(written)
    older["configs"]["dataset"] |= local["configs"]["dataset"]
    older["source"] = local["source"]
    folder = shutil.copytree(trained_on_a_file, tmp_path / "older")
    shutil.rmtree(folder / "state")
    (folder / "config.json").write_text(json.dumps(older))
    assert zoo("push", folder, "owner/hello").code == 0
    assert json.loads(head(hub)["config.json"]) == written
    _check_nothing_local(hub, str(trained_on_a_file.parent))


def _check_nothing_local(hub: Hub, folder: str) -> None:
    """Looks for the folder, the user and the host in everything that the Hub got."""
    everything = b"\n".join([*hub.sent, *head(hub).values(), *hub.objects.values()]).lower()
    names = [folder, "telling", Path.home().name, getpass.getuser(), platform.node()]
    for name in names:
        if len(name) > 4:  # "root" is a common word
            assert name.lower().encode() not in everything


def test_the_token_stays_with_the_hub(hub: Hub, zoo: Zoo, hello: Path) -> None:
    assert zoo("push", hello, "owner/hello").code == 0
    assert hub.tokens
    assert not any(TOKEN in header for header in hub.tokens)


def test_branches_and_private_repos_and_pull_requests(hub: Hub, zoo: Zoo, hello: Path) -> None:
    arguments = ["push", hello, "owner/hello", "--private", "--revision", "next"]
    assert zoo(*arguments).code == 0
    assert hub.repos["owner/hello"].private
    assert set(head(hub, "next")) == FILES
    assert head(hub) == {}
    result = zoo("push", hello, "owner/hello", "--create-pr")
    assert result.code == 0, result.stderr
    assert "/discussions/1" in result.stderr
    assert head(hub) == {}


def test_a_foreign_push_is_not_overwritten(hub: Hub, zoo: Zoo, hello: Path) -> None:
    assert zoo("push", hello, "owner/hello").code == 0
    (hello / "history.jsonl").write_text("{}\n")
    hub.faults = [Fault(COMMIT, "status", 412)]
    result = zoo("push", hello, "owner/hello")
    assert result.code == 5
    assert "somebody else has pushed meanwhile" in result.stderr
    assert commits(hub) == 1


def test_a_commit_made_meanwhile_is_not_overwritten(hub: Hub, zoo: Zoo, hello: Path) -> None:
    repo = hub.repo("owner/hello", {"README.md": b"Mine.\n"})
    theirs = {"README.md": b"Theirs.\n"}
    hub.faults = [Fault(r"GET .*/README.md", "then", then=lambda: repo.commit(theirs))]
    result = zoo("push", hello, "owner/hello")
    assert result.code == 5
    assert "somebody else has pushed meanwhile" in result.stderr
    assert head(hub) == theirs


def test_pushing_again_does_not_repeat_a_users_text(hub: Hub, zoo: Zoo, hello: Path) -> None:
    with (hello / "README.md").open("a") as file:
        file.write("Written here.\n")
    assert zoo("push", hello, "owner/hello").code == 0
    card = head(hub)["README.md"].replace(b"Written here.", b"Written there.")
    hub.repos["owner/hello"].commit(head(hub) | {"README.md": card.replace(b"\n", b"\r\n")})
    for _ in range(2):
        assert zoo("push", hello, "owner/hello").code == 0
    assert head(hub)["README.md"] == card


def test_a_new_branch_keeps_the_text_of_main(hub: Hub, zoo: Zoo, hello: Path) -> None:
    hub.repo("owner/hello", {"README.md": b"Thanks.\n"})
    assert zoo("push", hello, "owner/hello", "--revision", "next").code == 0
    assert b"Thanks." in head(hub, "next")["README.md"]


def test_a_public_repo_is_not_taken_for_a_private_one(hub: Hub, zoo: Zoo, hello: Path) -> None:
    hub.repo("owner/hello", {})
    result = zoo("push", hello, "owner/hello", "--private")
    assert result.code == 6
    assert "is public already" in result.stderr
    assert commits(hub) == 0


def test_a_pull_request_whose_answer_was_lost_is_not_opened_twice(
    hub: Hub, zoo: Zoo, hello: Path
) -> None:
    hub.repo("owner/hello", {})
    hub.faults = [Fault(COMMIT, "lost")]
    for _ in range(2):
        result = zoo("push", hello, "owner/hello", "--create-pr", "--json")
        assert result.code == 0, result.stderr
    requests = [name for name in hub.repos["owner/hello"].branches if name.startswith("refs/pr")]
    assert requests == ["refs/pr/1"]
    assert result.json["revision"] == hub.repos["owner/hello"].branches["refs/pr/1"]
    assert result.json["url"].endswith("/discussions/1")


def test_weights_that_are_not_finite_are_refused(hub: Hub, zoo: Zoo, hello: Path) -> None:
    weights = read_tensors(hello / "model.safetensors")
    weights["output.bias"] = torch.full_like(weights["output.bias"], float("nan"))
    data = to_bytes(weights)
    (hello / "model.safetensors").write_bytes(data)
    manifest = json.loads((hello / "config.json").read_text())
    manifest["weights"] |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (hello / "config.json").write_text(json.dumps(manifest))
    result = zoo("push", hello, "owner/hello")
    assert result.code == 4
    assert "infinite or not a number" in result.stderr
    assert not any("repos/create" in line for line in hub.requests)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt"])
def test_pickled_weights_are_refused_with_the_command_that_converts_them(
    hub: Hub, zoo: Zoo, tmp_path: Path, name: str
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / name).write_bytes(b"\x80\x04.")
    result = zoo("push", tmp_path / "old", "owner/hello", "--dry-run")
    assert result.code == 6
    assert f"{name} is a pickle, which is never pushed" in result.stderr
    assert "in an environment you trust: python -c" in result.stderr
    result = zoo("push", tmp_path / "old" / name, "owner/hello")
    assert result.code == 6
    assert "in an environment you trust: python -c" in result.stderr


def test_a_pickle_beside_valid_weights_is_refused_too(hub: Hub, zoo: Zoo, hello: Path) -> None:
    (hello / "optimizer.pt").write_bytes(pickle.dumps({}))
    result = zoo("push", hello, "owner/hello")
    assert result.code == 6
    assert "optimizer.pt is a pickle, which is never pushed: remove it" in result.stderr
    assert hub.requests == []


def test_a_file_that_is_only_named_as_a_pickle_is_not_called_one(
    hub: Hub, zoo: Zoo, hello: Path
) -> None:
    (hello / "optimizer.pt").write_bytes(b"")
    result = zoo("push", hello, "owner/hello")
    assert result.code == 6
    assert "optimizer.pt is named as a pickle, which is never pushed" in result.stderr
    assert hub.requests == []


def test_a_binary_file_that_is_no_pickle_stays_at_home(
    hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    (hello / "notes.bin").write_bytes(bytes(range(256)))
    assert zoo("push", hello, "owner/hello", "--to", tmp_path / "upload").code == 0
    assert not (tmp_path / "upload" / "notes.bin").exists()


def test_an_existing_folder_is_not_overwritten(
    hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("mine")
    result = zoo("push", hello, "owner/hello", "--to", tmp_path / "mine")
    assert result.code == 6
    assert "is there already; choose a folder that is new" in result.stderr
    assert (tmp_path / "mine" / "README.md").read_text() == "mine"


def test_a_folder_is_built_without_the_hub(hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    built = tmp_path / "built"
    result = zoo("push", hello, "owner/hello", "--to", built, "--json").json
    assert result["folder"] == str(built)
    assert set(result["files"]) == FILES
    assert hub.requests == []


def test_a_users_front_matter_is_kept(hub: Hub, zoo: Zoo, hello: Path) -> None:
    written = b"---\nlicense: apache-2.0\nbase_model: owner/older\ntags: [mine]\n---\nMy words.\n"
    hub.repo("owner/hello", {"README.md": written})
    printed = zoo("push", hello, "owner/hello", "--json").json
    front, text = split_card(head(hub)["README.md"].decode())
    assert front["license"] == "apache-2.0"
    assert 'license = "apache-2.0"' in printed["entry"]
    assert front["base_model"] == "owner/older"
    assert front["tags"] == ["recurrent", "lstm-embed", "mine"]
    assert text.count("My words.") == 1
    assert "apache-2.0" not in text
    assert zoo("push", hello, "owner/hello", "--license", "mit").code == 0
    assert split_card(head(hub)["README.md"].decode())[0]["license"] == "mit"


def test_the_license_is_the_datasets_by_default(hub: Hub, zoo: Zoo, hello: Path) -> None:
    printed = zoo("push", hello, "owner/hello", "--json").json
    assert split_card(head(hub)["README.md"].decode())[0]["license"] == "cc0-1.0"
    assert 'license = "cc0-1.0"' in printed["entry"]


@pytest.mark.parametrize(
    ("folder", "repo", "code"), [("gone", "owner/hello", 3), ("hello", "nobody", 6)]
)
def test_wrong_use_is_refused(
    hub: Hub, zoo: Zoo, hello: Path, folder: str, repo: str, code: int
) -> None:
    shutil.rmtree(hello.parent / "gone", ignore_errors=True)
    assert zoo("push", hello.parent / folder, repo).code == code


@pytest.mark.skipif(not is_xet_available(), reason="hf_xet is not installed")
def test_the_default_path_sends_chunks_instead_of_files(
    hub: Hub, zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    hub.chunks = str(tmp_path / "chunks")
    large = [(hello / name).read_bytes() for name in ("model.safetensors", "curve.png")]
    hub.objects |= {hashlib.sha256(data).hexdigest(): data for data in large}
    result = zoo("push", hello, "owner/hello", HF_HUB_DISABLE_XET="")
    assert result.code == 0, result.stderr
    assert commits(hub) == 1
    assert head(hub)["model.safetensors"] == large[0]
    assert any("xet-write-token" in line for line in hub.requests)
    assert not any(line.startswith("PUT /large/") for line in hub.requests)
    assert sum(path.stat().st_size for path in (tmp_path / "chunks").rglob("*")) > 0
