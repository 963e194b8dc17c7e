"""References: every form a person may type, and those that are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.errors import NotFoundError
from zoo_core.references import Folder, HubRepo, Named, Reference, parse_reference, shown

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("lstm-embed", Named("", "lstm-embed", "")),
        ("lstm-embed.hello", Named("", "lstm-embed", "hello")),
        ("lstm-embed.python-docs", Named("", "lstm-embed", "python-docs")),
        ("zoo-lstm:lstm-embed", Named("zoo-lstm", "lstm-embed", "")),
        ("zoo-lstm:lstm-embed.hello", Named("zoo-lstm", "lstm-embed", "hello")),
        ("zoo.plugin.lstm:lstm.hello", Named("zoo.plugin.lstm", "lstm", "hello")),
        ("hub:owner/repo", HubRepo("owner/repo", "")),
        ("hub:owner/my.repo-1@main", HubRepo("owner/my.repo-1", "main")),
        (f"hub:owner/repo@{COMMIT}", HubRepo("owner/repo", COMMIT)),
        ("hub:owner/repo@refs/pr/1", HubRepo("owner/repo", "refs/pr/1")),
        ("./run", Folder(Path("run"))),
        ("runs/mine", Folder(Path("runs/mine"))),
        ("run/", Folder(Path("run"))),
        ("/tmp/run", Folder(Path("/tmp/run"))),
        (".", Folder(Path())),
        ("..", Folder(Path(".."))),
        ("dir:run", Folder(Path("run"))),
        ("dir:lstm-embed.hello", Folder(Path("lstm-embed.hello"))),
        ("dir:hub:owner/repo", Folder(Path("hub:owner/repo"))),
    ],
)
def test_a_reference_is_a_name_a_folder_or_a_repo(text: str, meant: Reference) -> None:
    parsed = parse_reference(text)
    assert parsed == meant
    assert type(parsed) is type(meant)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "lstm embed", "lstm.a.b", ".hello", "lstm.", ":lstm", "zoo-lstm:", "a:b:c"),
        *("lstm*", "lstm\n", "--help.", "lstm@main"),
    ],
)
def test_an_invalid_reference_is_refused_with_the_valid_forms(text: str) -> None:
    with pytest.raises(NotFoundError, match=r"is not a reference: write model, model\.tag"):
        parse_reference(text)


@pytest.mark.parametrize(
    "text",
    [
        *("hub:", "hub:repo", "hub:owner/", "hub:/repo", "hub:a/b/c", "hub:owner/repo@"),
        *("hub:a/b@c d", "hub:https://example.org/a"),
    ],
)
def test_an_invalid_repo_is_refused_with_the_valid_form(text: str) -> None:
    with pytest.raises(NotFoundError, match="write hub:owner/repo"):
        parse_reference(text)


@pytest.mark.parametrize("text", ["~/run", "dir:~/run"])
def test_a_tilde_is_the_home_folder(
    text: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert parse_reference(text) == Folder(tmp_path / "run")


@pytest.mark.parametrize("text", ["~no-such-user-here/run", "dir:~no-such-user-here/run"])
def test_the_home_of_an_unknown_user_is_refused(text: str) -> None:
    with pytest.raises(NotFoundError, match="no-such-user-here"):
        parse_reference(text)


@pytest.mark.parametrize("text", ["lstm", "lstm.hello", "zoo-lstm:lstm", "zoo-lstm:lstm.hello"])
def test_a_full_name_is_what_was_typed(text: str) -> None:
    parsed = parse_reference(text)
    assert isinstance(parsed, Named)
    assert parsed.full_name == text


@pytest.mark.parametrize(
    ("text", "model"), [("lstm.hello", "lstm"), ("zoo-lstm:lstm.hello", "zoo-lstm:lstm")]
)
def test_the_model_of_a_reference_keeps_the_owner_and_drops_the_tag(text: str, model: str) -> None:
    parsed = parse_reference(text)
    assert isinstance(parsed, Named)
    assert parsed.model == model


@pytest.mark.parametrize(
    ("folder", "argument"),
    [
        ("run", "./run"),
        ("out/run", "out/run"),
        ("/tmp/my run", "'/tmp/my run'"),
        ("-out/run", "./-out/run"),
        ("~out/run", "'./~out/run'"),
        ("hub:out/run", "./hub:out/run"),
        ("dir:out/run", "./dir:out/run"),
    ],
)
def test_a_folder_is_shown_as_it_can_be_typed(folder: str, argument: str) -> None:
    assert shown(Path(folder)) == argument
