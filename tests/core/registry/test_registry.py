"""The registry: merged from its files; an invalid file is refused by name."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.registry.checkpoints import find_pretrained, load_registry
from zoo_core.registry.file import KnownPlugin, read_registry
from zoo_core.registry.sources import registry_path
from zoo_core.storage.hashes import FileRecord

HASH = "0123456789abcdef" * 4
ENTRY = f"""
[checkpoints.tiny.first]
source = "package:zoo_tiny/checkpoints/first"
license = "MIT"
summary = "Small."
metrics = {{ accuracy = 1 }}
files."config.json" = {{ size = 12, sha256 = "{HASH}" }}
files."model.safetensors" = {{ size = 34, sha256 = "{HASH}" }}
"""
RegistryWriter = Callable[..., Path]


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RegistryWriter:
    """``registry(text)``: a registry file, of which ``ZOO_REGISTRY`` names the first."""

    def write(text: str, name: str = "registry.toml", schema: str = "schema = 1\n") -> Path:
        path = tmp_path / name
        path.write_text(schema + text)
        if name == "registry.toml":
            monkeypatch.setenv("ZOO_REGISTRY", str(path))
        return path

    return write


def test_an_entry_is_read(registry: RegistryWriter) -> None:
    (entry,) = read_registry(registry(ENTRY)).checkpoints
    assert entry.name == "tiny.first"
    assert (entry.source, entry.revision) == ("package:zoo_tiny/checkpoints/first", "")
    assert (entry.license, entry.summary) == ("MIT", "Small.")
    assert entry.metrics == {"accuracy": 1.0}
    assert entry.files == {
        "config.json": FileRecord(12, HASH),
        "model.safetensors": FileRecord(34, HASH),
    }


def test_an_entry_may_say_how_large_its_model_is_and_how_long_it_trained(
    registry: RegistryWriter,
) -> None:
    known = ENTRY.replace("metrics", "parameters = 60\nseconds = 2\nmetrics")
    entries = read_registry(registry(ENTRY + known.replace("tiny.first", "tiny.known"))).checkpoints
    assert [(entry.parameters, entry.seconds) for entry in entries] == [(None, None), (60, 2.0)]
    assert entries[0].size == 46


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("seconds = -1", "seconds = -1: expected a number of seconds"),
        ("seconds = nan", "seconds = nan: expected a number"),
        ("parameters = -1", "parameters = -1: expected an integer >= 0"),
        ("parameters = 1.5", "parameters = 1.5: expected an integer"),
    ],
)
def test_such_a_number_is_checked(registry: RegistryWriter, line: str, message: str) -> None:
    path = registry(ENTRY.replace("metrics", f"{line}\nmetrics"))
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_registry(path)


def test_a_registry_may_be_empty(registry: RegistryWriter) -> None:
    assert read_registry(registry("")) == ([], [])


def test_the_environment_names_the_registry(registry: RegistryWriter) -> None:
    path = registry("")
    assert registry_path() == path


def test_without_the_environment_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ZOO_REGISTRY", raising=False)
    assert registry_path().name == "registry.toml"
    assert load_registry(()).keys() == {
        entry.name for entry in read_registry(registry_path()).checkpoints
    }


def test_the_plugins_registries_are_merged_by_name(registry: RegistryWriter) -> None:
    registry(ENTRY)
    others = (
        registry(ENTRY.replace("tiny.first", "tiny.alpha"), "a.toml"),
        registry(ENTRY.replace("tiny.first", "big.first"), "b.toml"),
    )
    merged = load_registry(others)
    assert list(merged) == ["big.first", "tiny.alpha", "tiny.first"]


def test_a_duplicate_in_two_files_is_refused(registry: RegistryWriter) -> None:
    registry(ENTRY)
    second = registry(ENTRY, "second.toml")
    with pytest.raises(
        ConfigError, match=r"second\.toml.*'tiny\.first' is in .*registry\.toml already"
    ):
        load_registry((second,))


def test_a_duplicate_in_one_file_is_refused_with_its_line(registry: RegistryWriter) -> None:
    with pytest.raises(ConfigError, match=r"registry\.toml: .*line 11"):
        read_registry(registry(ENTRY + ENTRY))


def test_a_checkpoint_is_found_by_name(registry: RegistryWriter) -> None:
    registry(ENTRY)
    assert find_pretrained((), "tiny.first").summary == "Small."


def test_a_checkpoint_is_found_past_a_plugins_registry_that_is_malformed(
    registry: RegistryWriter, caplog: pytest.LogCaptureFixture
) -> None:
    registry(ENTRY)
    others = (registry("[", "bad.toml"),)
    assert find_pretrained(others, "tiny.first").summary == "Small."
    assert not caplog.messages
    with pytest.raises(ConfigError, match=r"bad\.toml"):
        find_pretrained(others, "tiny.second")


def test_a_duplicate_name_does_not_affect_other_names(
    registry: RegistryWriter,
) -> None:
    registry(ENTRY + ENTRY.replace("tiny.first", "tiny.second"))
    others = (registry(ENTRY, "second.toml"),)
    assert find_pretrained(others, "tiny.second").summary == "Small."
    with pytest.raises(ConfigError, match="already"):
        find_pretrained(others, "tiny.first")


def test_a_list_leaves_out_a_plugins_malformed_registry_with_a_warning(
    registry: RegistryWriter, caplog: pytest.LogCaptureFixture
) -> None:
    registry(ENTRY)
    bad = registry("[", "bad.toml")
    assert list(load_registry((bad,), skip_broken=True)) == ["tiny.first"]
    (message,) = caplog.messages
    assert message.startswith(f"{bad}: not a readable registry: ")
    assert message.endswith("; it is left out, see: zoo doctor")


def test_the_zoos_own_registry_must_be_well_formed(registry: RegistryWriter) -> None:
    second = registry(ENTRY, "second.toml")
    registry("[")
    with pytest.raises(ConfigError, match=r"registry\.toml: not a readable registry"):
        load_registry((second,), skip_broken=True)


def test_an_unknown_checkpoint_suggests_the_nearest(registry: RegistryWriter) -> None:
    registry(ENTRY)
    with pytest.raises(NotFoundError, match=r"'tiny.frist'; did you mean tiny\.first\?"):
        find_pretrained((), "tiny.frist")


def test_an_unknown_checkpoint_without_a_near_one_says_how_to_make_one(
    registry: RegistryWriter,
) -> None:
    registry("")
    with pytest.raises(NotFoundError, match="no pretrained checkpoint 'x'; make one: zoo train x"):
        find_pretrained((), "x")


@pytest.mark.parametrize(
    ("schema", "message"),
    [
        ("", "registry.toml: no schema: expected the line schema = 1"),
        ("schema = 2\n", "registry.toml, line 1: schema = 2 is newer than zoo-core"),
        ("schema = '1'\n", "registry.toml, line 1: schema = '1': expected the line schema = 1"),
        ("schema = 1.0\n", "registry.toml, line 1: schema = 1.0: expected the line schema = 1"),
        ("x = " + "[" * 100_000, "not a readable registry"),
    ],
)
def test_another_schema_is_refused(registry: RegistryWriter, schema: str, message: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(message)):
        read_registry(registry(ENTRY, schema=schema))


def test_a_missing_registry_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"^cannot read .*gone\.toml: No such file or directory$"):
        read_registry(tmp_path / "gone.toml")


def test_a_registry_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "registry.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigError, match=r"registry\.toml: not a readable registry: not UTF-8"):
        read_registry(tmp_path / "registry.toml")


@pytest.mark.parametrize(
    "text", ["checkpoints = 3", "[checkpoints]\ntiny = 3", "[checkpoints.tiny]\nfirst = 3"]
)
def test_a_value_that_is_not_a_table_of_checkpoints_is_refused(
    registry: RegistryWriter, text: str
) -> None:
    with pytest.raises(ConfigError, match=r"registry\.toml, line \d: "):
        read_registry(registry(text))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("package:zoo_tiny/checkpoints/first", "http://example.org/first"),
        ("package:zoo_tiny/checkpoints/first", "https://example.org/first"),
        ("package:zoo_tiny/checkpoints/first", "file:///etc/first"),
        ("package:zoo_tiny/checkpoints/first", "package:zoo_tiny/../first"),
        ("package:zoo_tiny/checkpoints/first", "package:zoo_tiny/checkpoints/.."),
        ("package:zoo_tiny/checkpoints/first", "package:zoo_tiny/checkpoints/../../first"),
        ("package:zoo_tiny/checkpoints/first", "package:zoo_tiny//etc"),
        ("package:zoo_tiny/checkpoints/first", "package:zoo_tiny/"),
        ("package:zoo_tiny/checkpoints/first", "/etc/first"),
        ("package:zoo_tiny/checkpoints/first", ""),
        ("config.json", "../config.json"),
        ("config.json", "/config.json"),
        ("config.json", "a\\\\config.json"),
        ("config.json", ".."),
        ("config.json", ""),
        (HASH, HASH[:-1]),
        (HASH, HASH.upper()),
        (HASH, ""),
        ("size = 12", "size = -1"),
        ("size = 12", "size = 'big'"),
        ("size = 12,", ""),
        ("size = 12", "size = true"),
        ("accuracy = 1", "accuracy = 'good'"),
        ("accuracy = 1", "accuracy = true"),
        ("license =", "licence ="),
        ('license = "MIT"', 'license = ["MIT"]'),
        ('summary = "Small."', 'summary = "two\\nlines"'),
        ("config.json", "README.md"),
        ("model.safetensors", "README.md"),
        ("[checkpoints.tiny.first]", '[checkpoints.tiny."../first"]'),
        ("license =", 'revision = "main"\nlicense ='),
    ],
)
def test_a_wrong_entry_is_refused_with_file_and_name(
    registry: RegistryWriter, old: str, new: str
) -> None:
    assert old in ENTRY
    with pytest.raises(ConfigError, match=r"registry\.toml(, line \d+)?: checkpoint 'tiny\."):
        read_registry(registry(ENTRY.replace(old, new)))


def test_a_wrong_entry_is_refused_with_its_line(registry: RegistryWriter) -> None:
    text = ENTRY.replace("package:", "http:")
    with pytest.raises(ConfigError, match=r"line [34]"):
        read_registry(registry(text))


@pytest.mark.parametrize("revision", ["main", "v1.0", "0123abc", ""])
def test_a_moving_revision_is_refused(registry: RegistryWriter, revision: str) -> None:
    place = f'source = "hub:owner/repo"\nrevision = "{revision}"\n'
    source = 'source = "package:zoo_tiny/checkpoints/first"\n'
    with pytest.raises(ConfigError, match=r"registry\.toml, line \d+: checkpoint 'tiny\.first'"):
        read_registry(registry(ENTRY.replace(source, place)))


def test_a_commit_of_the_hub_is_a_source(registry: RegistryWriter) -> None:
    place = f'source = "hub:owner/repo"\nrevision = "{"0" * 40}"\n'
    source = 'source = "package:zoo_tiny/checkpoints/first"\n'
    (entry,) = read_registry(registry(ENTRY.replace(source, place))).checkpoints
    assert (entry.source, entry.revision) == ("hub:owner/repo", "0" * 40)


PLUGIN = """
[plugins.zoo-owl]
distribution = "zoo-plugin-owl"
summary = "Owls."
models = ["owl-cell"]
datasets = ["hoots"]
commands = ["hunt"]
loggers = ["pellets"]
"""


def test_a_known_plugin_is_read(registry: RegistryWriter) -> None:
    (plugin,) = read_registry(registry(PLUGIN)).plugins
    assert plugin == KnownPlugin(
        "zoo-owl", "zoo-plugin-owl", "Owls.", ("owl-cell", "hoots"), ("hunt",), ("pellets",)
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('distribution = "zoo-plugin-owl"', "", "distribution is missing"),
        ('["owl-cell"]', '"owl-cell"', "models = 'owl-cell': expected a list"),
        ("summary", "sumary", "sumary: no such key"),
        ('"zoo-plugin-owl"', "3", "distribution = 3: expected text"),
        ('"zoo-plugin-owl"', '"-e evil"', "distribution = '-e evil': expected the name"),
        ('"owl-cell"', '"owl cell"', "models[0] = 'owl cell': expected a name"),
    ],
)
def test_a_wrong_plugin_is_refused_with_its_line(
    registry: RegistryWriter, old: str, new: str, message: str
) -> None:
    with pytest.raises(ConfigError, match=f"line 3: plugin 'zoo-owl': .*{re.escape(message)}"):
        read_registry(registry(PLUGIN.replace(old, new)))


def test_an_unknown_table_is_refused(registry: RegistryWriter) -> None:
    with pytest.raises(ConfigError, match="mirrors: a registry has schema, checkpoints, plugins"):
        read_registry(registry("[mirrors]"))
