"""The commands of ``docs/seq2seq.md``, carried out in their order."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.docs.session import blocks, commands
from zoo_seq2seq.samples import PAIRS

PAGE = Path(__file__).parents[2] / "docs" / "seq2seq.md"
QUICK = ["--trainer.epochs", "1", "--model.hidden-size", "16", "--threads", "1"]
"""A shorter training than those of the recipes, which the page uses."""


@pytest.mark.gate
def test_the_commands_work_in_their_order(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pairs.txt").write_bytes(PAIRS.read_bytes())
    verbs = []
    for block in blocks(PAGE.read_text("utf-8")):
        for command in commands(block.body) if block.language == "console" else ():
            words = shlex.split(command.line)
            verbs.append(words[1])
            result = zoo(*words[1:], *(QUICK if words[1] == "train" else []))
            assert result.code == 0, (command.line, result.stderr)
            if command.printed:
                assert result.stdout.splitlines() == command.printed
    assert verbs == [
        *("predict", "train", "evaluate", "predict", "predict", "inspect", "inspect"),
        *("train", "predict"),
    ]
    assert (tmp_path / "attention.png").exists()
