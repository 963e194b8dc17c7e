"""``zoo push``: one commit, nothing twice, a person's words kept, a folder that one can pull."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from pathlib import Path

import pytest
import torch
from zoo_core.runtime.frontmatter import split_card
from zoo_core.runtime.tensors import read_tensors, to_bytes

from tests.cli.command import Zoo
from tests.hub.server import TOKEN, Fault, Hub

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
    """How many commits were made on top of the first."""
    return len(hub.repos["owner/hello"].commits) - 1


def head(hub: Hub, branch: str = "main") -> dict[str, bytes]:
    """The files of a branch."""
    repo = hub.repos["owner/hello"]
    return repo.commits[repo.branches[branch]]


def test_what_is_pushed_comes_back_byte_for_byte(
    hub: Hub, zoo: Zoo, checkpoint: Path, tmp_path: Path
) -> None:
    result = zoo("push", checkpoint, "owner/hello")
    assert result.code == 0, result.stderr
    assert set(head(hub)) == FILES
    assert commits(hub) == 1
    assert zoo("pull", "hub:owner/hello", "--to", tmp_path / "back").code == 0
    for name in ("model.safetensors", "config.json"):
        assert (tmp_path / "back" / name).read_bytes() == (checkpoint / name).read_bytes()


def test_the_entry_that_is_printed_pulls_it(
    hub: Hub, zoo: Zoo, checkpoint: Path, tmp_path: Path
) -> None:
    printed = zoo("push", checkpoint, "owner/hello", "--json").json
    assert printed["repo"] == "owner/hello"
    assert printed["revision"] == hub.repos["owner/hello"].branches["main"]
    registry = tmp_path / "registry.toml"
    registry.write_text(f"schema = 1\n{printed['entry']}")
    assert list(tomllib.loads(registry.read_text())["checkpoints"]) == ["lstm-embed"]
    result = zoo("predict", "lstm-embed.hello", "hello", ZOO_REGISTRY=str(registry))
    assert result.stdout == "ohlol\n"


def test_a_second_push_of_the_same_makes_no_commit(hub: Hub, zoo: Zoo, checkpoint: Path) -> None:
    first = zoo("push", checkpoint, "owner/hello", "--json").json
    again = zoo("push", checkpoint, "owner/hello", "--json").json
    assert again == first
    assert commits(hub) == 1


def test_a_persons_words_survive_a_second_push(hub: Hub, zoo: Zoo, checkpoint: Path) -> None:
    assert zoo("push", checkpoint, "owner/hello").code == 0
    repo = hub.repos["owner/hello"]
    card = head(hub)["README.md"] + b"\n## Thanks\n\nTo everybody.\n"
    repo.commit(head(hub) | {"README.md": card})
    manifest = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(manifest | {"epochs": 99}))
    assert zoo("push", checkpoint, "owner/hello").code == 0
    assert b"99 epochs" in head(hub)["README.md"]
    assert head(hub)["README.md"].count(b"To everybody.") == 1


def test_the_card_tells_how_to_use_it(hub: Hub, zoo: Zoo, checkpoint: Path) -> None:
    assert zoo("push", checkpoint, "owner/hello").code == 0
    card = head(hub)["README.md"].decode()
    assert "library_name: zoo-core" in card
    assert "model-index:" in card
    assert "zoo predict hub:owner/hello INPUT" in card


def test_a_dry_run_builds_the_folder_and_asks_nobody(
    hub: Hub, zoo: Zoo, checkpoint: Path, tmp_path: Path
) -> None:
    result = zoo("push", checkpoint, "owner/hello", "--dry-run", "--to", tmp_path / "built")
    assert result.code == 0, result.stderr
    assert {path.name for path in (tmp_path / "built").iterdir()} == FILES
    assert hub.requests == []
    trained = zoo("train", "lstm-embed", "--config", tmp_path / "built" / "recipe.toml", "--json")
    again = Path(trained.json["checkpoint"]) / "model.safetensors"
    assert again.read_bytes() == (checkpoint / "model.safetensors").read_bytes()


@pytest.mark.parametrize(
    "fault",
    [
        Fault(r"POST /api/repos/create", "status", 503),
        Fault(r"POST .*/preupload", "status", 500),
        Fault(r"PUT /large/", "status", 503),
        Fault(COMMIT, "status", 502),
        Fault(COMMIT, "reset"),
        Fault(COMMIT, "lost"),
    ],
    ids=lambda fault: f"{fault.where} {fault.kind}",
)
def test_passing_trouble_makes_one_commit(
    hub: Hub, zoo: Zoo, checkpoint: Path, fault: Fault
) -> None:
    hub.faults = [fault]
    result = zoo("push", checkpoint, "owner/hello")
    assert result.code == 0, result.stderr
    assert commits(hub) == 1
    assert hub.faults == []


def test_a_push_that_fails_says_how_to_go_on_and_sends_nothing_twice(
    hub: Hub, zoo: Zoo, checkpoint: Path
) -> None:
    hub.faults = [Fault(COMMIT, "status", 503)] * 9
    result = zoo("push", checkpoint, "owner/hello")
    assert result.code == 5
    assert f"to go on: zoo push {checkpoint} owner/hello" in result.stderr
    hub.faults = []
    hub.requests.clear()
    assert zoo("push", checkpoint, "owner/hello").code == 0
    assert not any(each.startswith("PUT /large/") for each in hub.requests)
    assert commits(hub) == 1


def test_the_token_stays_with_the_hub(hub: Hub, zoo: Zoo, checkpoint: Path) -> None:
    assert zoo("push", checkpoint, "owner/hello").code == 0
    assert hub.tokens
    assert not any(TOKEN in each for each in hub.tokens)


def test_branches_and_private_repos_and_pull_requests(hub: Hub, zoo: Zoo, checkpoint: Path) -> None:
    arguments = ["push", checkpoint, "owner/hello", "--private", "--revision", "next"]
    assert zoo(*arguments).code == 0
    assert hub.repos["owner/hello"].private
    assert set(head(hub, "next")) == FILES
    assert head(hub) == {}
    result = zoo("push", checkpoint, "owner/hello", "--create-pr")
    assert result.code == 0, result.stderr
    assert "/discussions/1" in result.stderr
    assert head(hub) == {}


def test_somebody_elses_push_is_not_overwritten(hub: Hub, zoo: Zoo, checkpoint: Path) -> None:
    assert zoo("push", checkpoint, "owner/hello").code == 0
    (checkpoint / "history.jsonl").write_text("{}\n")
    hub.faults = [Fault(COMMIT, "status", 412)]
    result = zoo("push", checkpoint, "owner/hello")
    assert result.code == 5
    assert "somebody else has pushed meanwhile" in result.stderr
    assert commits(hub) == 1


@pytest.mark.parametrize(
    ("settings", "said"),
    [({"HF_TOKEN": "hf_wrong"}, "does not accept the token"), ({"HF_HUB_OFFLINE": "1"}, "OFFLINE")],
)
def test_refusals_are_told(
    hub: Hub, zoo: Zoo, checkpoint: Path, settings: dict[str, str], said: str
) -> None:
    result = zoo("push", checkpoint, "owner/hello", **settings)
    assert result.code == 5
    assert said in result.stderr


def test_weights_that_are_not_finite_are_refused(hub: Hub, zoo: Zoo, checkpoint: Path) -> None:
    weights = read_tensors(checkpoint / "model.safetensors")
    weights["output.bias"] = torch.full_like(weights["output.bias"], float("nan"))
    data = to_bytes(weights)
    (checkpoint / "model.safetensors").write_bytes(data)
    manifest = json.loads((checkpoint / "config.json").read_text())
    manifest["weights"] |= {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    (checkpoint / "config.json").write_text(json.dumps(manifest))
    result = zoo("push", checkpoint, "owner/hello")
    assert result.code == 4
    assert "infinite or not a number" in result.stderr
    assert not any("repos/create" in each for each in hub.requests)


@pytest.mark.parametrize("name", ["pytorch_model.bin", "model.pt"])
def test_pickled_weights_are_refused_with_the_way_to_convert_them(
    hub: Hub, zoo: Zoo, tmp_path: Path, name: str
) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / name).write_bytes(b"\x80\x04.")
    result = zoo("push", tmp_path / "old", "owner/hello", "--dry-run")
    assert result.code == 6
    assert f"{name} is a pickle, which is never pushed" in result.stderr
    assert "in an environment you trust: python -c" in result.stderr
    assert zoo("push", tmp_path / "old" / name, "owner/hello").code == 6


def test_a_pickle_beside_sound_weights_is_refused_too(hub: Hub, zoo: Zoo, checkpoint: Path) -> None:
    (checkpoint / "optimizer.pt").write_bytes(b"")
    result = zoo("push", checkpoint, "owner/hello")
    assert result.code == 6
    assert "optimizer.pt is a pickle, which is never pushed: take it away" in result.stderr
    assert hub.requests == []


def test_a_folder_that_is_there_is_not_built_over(
    hub: Hub, zoo: Zoo, checkpoint: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "README.md").write_text("mine")
    result = zoo("push", checkpoint, "owner/hello", "--to", tmp_path / "mine")
    assert result.code == 6
    assert "is there already; choose a folder that is new" in result.stderr
    assert (tmp_path / "mine" / "README.md").read_text() == "mine"


def test_a_folder_is_built_without_the_hub(
    hub: Hub, zoo: Zoo, checkpoint: Path, tmp_path: Path
) -> None:
    built = tmp_path / "built"
    facts = zoo("push", checkpoint, "owner/hello", "--to", built, "--json").json
    assert facts["folder"] == str(built)
    assert set(facts["files"]) == FILES
    assert hub.requests == []


def test_what_a_person_wrote_into_the_front_matter_stands(
    hub: Hub, zoo: Zoo, checkpoint: Path
) -> None:
    written = b"---\nlicense: apache-2.0\nbase_model: owner/older\ntags: [mine]\n---\nMy words.\n"
    hub.repo("owner/hello", {"README.md": written})
    printed = zoo("push", checkpoint, "owner/hello", "--json").json
    front, text = split_card(head(hub)["README.md"].decode())
    assert front["license"] == "apache-2.0"
    assert 'license = "apache-2.0"' in printed["entry"]
    assert front["base_model"] == "owner/older"
    assert front["tags"] == ["recurrent", "lstm-embed", "mine"]
    assert text.count("My words.") == 1
    assert "apache-2.0" not in text
    assert zoo("push", checkpoint, "owner/hello", "--license", "mit").code == 0
    assert split_card(head(hub)["README.md"].decode())[0]["license"] == "mit"


def test_the_license_is_the_datasets_unless_somebody_says_otherwise(
    hub: Hub, zoo: Zoo, checkpoint: Path
) -> None:
    printed = zoo("push", checkpoint, "owner/hello", "--json").json
    assert split_card(head(hub)["README.md"].decode())[0]["license"] == "cc0-1.0"
    assert 'license = "cc0-1.0"' in printed["entry"]


@pytest.mark.parametrize(
    ("folder", "repo", "code"), [("gone", "owner/hello", 6), ("hello", "nobody", 6)]
)
def test_wrong_use_is_refused(
    hub: Hub, zoo: Zoo, checkpoint: Path, folder: str, repo: str, code: int
) -> None:
    shutil.rmtree(checkpoint.parent / "gone", ignore_errors=True)
    assert zoo("push", checkpoint.parent / folder, repo).code == code
