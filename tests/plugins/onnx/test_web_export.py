"""``zoo export --format web``: what the folder holds, and where the package comes from."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, final

import pytest

from tests.cli.command import Zoo
from tests.plugins.onnx.conftest import MODEL
from zoo_core import train
from zoo_core.data.tokenizer import StoredTokenizer
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import MisfitError

pytest.importorskip("zoo_onnx")
pytestmark = pytest.mark.full
DEAD = "http://127.0.0.1:9"


@final
class ReadTags(HTMLParser):
    """The names of the elements of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keeps the name of an element."""
        self.names.append(tag)


@pytest.mark.xdist_group("chromium")  # the process that exports the page
def test_the_folder_has_the_page_the_model_and_how_to_use_them(web_folder: Path) -> None:
    assert sorted(path.name for path in web_folder.iterdir()) == [
        "README.md",
        "index.html",
        "model.onnx",
        "signature.json",
        "stream.py",
        "vocabulary.json",
    ]
    page = (web_folder / "index.html").read_text("utf-8")
    policy = page.partition('http-equiv="Content-Security-Policy" content="')[2].partition('"')[0]
    assert "default-src &#x27;none&#x27;" in policy
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")
    assert "connect-src" not in policy
    assert "open it from disk" in (web_folder / "README.md").read_text("utf-8")


def test_offline_the_message_names_the_package_and_its_folder(
    zoo: Zoo, isolation: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("npm_config_registry", DEAD)
    result = zoo("export", MODEL, "--format", "web", "--to", tmp_path / "out")
    assert result.code == 5
    place = isolation / "data" / "onnxruntime-web-1.30.0.tgz"
    assert f"{DEAD}/onnxruntime-web/-/onnxruntime-web-1.30.0.tgz" in result.stderr
    assert f"may be put at {place}, or named with --runtime" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_registry_is_that_of_npm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zoo_onnx.web import runtime

    monkeypatch.delenv("npm_config_registry", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert runtime.registry() == runtime.PUBLIC_REGISTRY
    (tmp_path / ".npmrc").write_text("audit=false\nregistry = http://mirror.test/npm/\n")
    assert runtime.registry() == "http://mirror.test/npm/"
    (tmp_path / "npm").write_text("#!/bin/sh\necho http://npm.test/$1/$2/$3\n")
    (tmp_path / "npm").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    assert runtime.registry() == "http://npm.test/config/get/registry"
    monkeypatch.setenv("npm_config_registry", "http://chosen.test")
    assert runtime.registry() == "http://chosen.test"


@pytest.mark.parametrize(
    "content",
    ["[]", json.dumps({"model": {"type": "WordPiece"}, "pre_tokenizer": {"type": "ByteLevel"}})],
)
def test_a_tokenizer_that_the_page_cannot_follow_is_refused(content: str) -> None:
    from zoo_onnx.web.prompts import tokenizer_data

    with pytest.raises(MisfitError, match="a page cannot cut a prompt as this bpe tokenizer does"):
        tokenizer_data(Vocabulary(("a",), tokenizer=StoredTokenizer("bpe", content)))


def test_nothing_of_a_checkpoint_is_code_on_the_page(tmp_path: Path) -> None:
    from zoo_onnx.web.page import page_facts, web_page
    from zoo_onnx.web.runtime import WebRuntime

    hostile = "</script><img src=x onerror=alert(1)><script>alert(1)</script>"
    text = tmp_path / "text.txt"
    text.write_text(hostile * 30, "utf-8")
    settings: dict[str, dict[str, Any]] = {
        "dataset": {"path": (str(text),), "steps": 8, "tokens": "word"},
        "trainer": {"epochs": 1, "batch_size": 4},
        "model": {"hidden_size": 4, "embedding_size": 4},
    }
    checkpoint = train("rnn-embed", tmp_path / "run", dataset="text", settings=settings)
    facts = page_facts(checkpoint)
    facts["tokenizer"]["symbols"].append(hostile)
    facts["shortest"] = 1
    page = web_page(checkpoint, facts, b"model", WebRuntime("let a;export{a as b};", b"wasm"))
    tags = ReadTags()
    tags.feed(page)
    assert tags.names.count("script") == 4
    assert "img" not in tags.names
