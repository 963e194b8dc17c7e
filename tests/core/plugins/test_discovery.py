"""Discovery: entry points of real distributions on a real path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from zoo_core.plugins.discovery import (
    Plugin,
    installed_plugins,
    is_left_out,
    unknown_name_messages,
)

Installer = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installer:
    """``install("dist", "name = module")``: the metadata of an installed distribution."""

    def write(distribution: str, *points: str, group: str = "zoo", metadata: bool = True) -> None:
        folder = tmp_path / "site" / f"{distribution.replace('-', '_')}-2.0.dist-info"
        folder.mkdir(parents=True)
        (folder / "entry_points.txt").write_text("\n".join([f"[{group}]", *points]))
        if metadata:
            text = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 2.0\n"
            (folder / "METADATA").write_text(text)
        monkeypatch.syspath_prepend(folder.parent)

    return write


def _named(prefix: str) -> list[Plugin]:
    return [plugin for plugin in installed_plugins() if plugin.name.startswith(prefix)]


def test_an_entry_point_is_a_plugin(install: Installer) -> None:
    install("probe-dist", "probe = probe_package.plugin")
    assert _named("probe") == [Plugin("probe", "probe_package.plugin", "probe-dist", "2.0")]


def test_entry_points_of_other_groups_are_ignored(install: Installer) -> None:
    install("probe-dist", "probe = probe_package.plugin", group="zoological")
    assert _named("probe") == []


def test_one_distribution_may_bring_two_plugins(install: Installer) -> None:
    install("probe-dist", "probe-b = b.plugin", "probe-a = a.plugin")
    assert [plugin.name for plugin in _named("probe")] == ["probe-a", "probe-b"]


def test_two_distributions_may_name_their_plugins_alike(install: Installer) -> None:
    install("probe-two", "probe = two.plugin")
    install("probe-one", "probe = one.plugin")
    assert [plugin.distribution for plugin in _named("probe")] == ["probe-one", "probe-two"]


def test_plugins_are_sorted(install: Installer) -> None:
    install("probe-dist", "zz-probe = a.plugin", "aa-probe = b.plugin")
    plugins = installed_plugins()
    assert plugins == sorted(plugins)
    assert (plugins[0].name, plugins[-1].name) == ("aa-probe", "zz-probe")


def test_a_plugin_without_metadata_has_placeholder_texts(install: Installer) -> None:
    install("probe-half", "probe = half.plugin", metadata=False)
    (plugin,) = _named("probe")
    assert all(isinstance(field, str) for field in plugin)


def test_missing_metadata_does_not_affect_the_others(install: Installer) -> None:
    install("probe-half", "probe = same.plugin", metadata=False)
    install("probe-whole", "probe = same.plugin")
    assert "probe-whole" in {plugin.distribution for plugin in _named("probe")}


def test_a_readme_is_not_read_as_metadata(install: Installer, tmp_path: Path) -> None:
    install("probe-dist", "probe = probe_package.plugin", metadata=False)
    text = "Metadata-Version: 2.1\nname: Probe.Dist\nVERSION: 3\n\nName: other\nVersion: 9\n"
    next(tmp_path.rglob("*.dist-info")).joinpath("METADATA").write_text(text)
    assert _named("probe") == [Plugin("probe", "probe_package.plugin", "Probe.Dist", "3")]


def test_our_plugins_have_the_names_of_their_distributions() -> None:
    ours = [plugin for plugin in installed_plugins() if plugin.module.startswith("zoo_")]
    assert {"zoo-lstm", "zoo-text", "zoo-train"} <= {plugin.name for plugin in ours}
    assert all(plugin.name == plugin.distribution for plugin in ours)


@pytest.mark.parametrize(
    ("chosen", "names"),
    [
        ("probe-a", ["probe-a"]),
        ("probe-b,probe-a", ["probe-a", "probe-b"]),
        (" probe-a , probe-b ", ["probe-a", "probe-b"]),
        ("probe-a,no-such-plugin", ["probe-a"]),
        ("", []),
    ],
)
def test_zoo_plugins_chooses(
    install: Installer, monkeypatch: pytest.MonkeyPatch, chosen: str, names: list[str]
) -> None:
    install("probe-dist", "probe-a = a.plugin", "probe-b = b.plugin", "probe-c = c.plugin")
    monkeypatch.setenv("ZOO_PLUGINS", chosen)
    assert [plugin.name for plugin in installed_plugins()] == names


def test_blanks_and_an_empty_name_among_the_chosen_ones_do_not_count(
    install: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("probe-dist", "probe-a = a.plugin", "probe-b = b.plugin")
    monkeypatch.setenv("ZOO_PLUGINS", " probe-a ,,")
    assert [plugin.name for plugin in installed_plugins()] == ["probe-a"]
    assert unknown_name_messages() == []
    monkeypatch.setenv("ZOO_PLUGINS", "probe-aa")
    assert unknown_name_messages() == [
        "ZOO_PLUGINS names probe-aa, which is not installed; did you mean probe-a?"
    ]


def test_a_distribution_is_left_out_if_none_of_its_plugins_is_chosen(
    install: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    install("probe-dist", "probe-a = a.plugin", "probe-b = b.plugin")
    assert not is_left_out("probe-dist")
    monkeypatch.setenv("ZOO_PLUGINS", "probe-b")
    assert not is_left_out("probe-dist")
    monkeypatch.setenv("ZOO_PLUGINS", "lstm")
    assert is_left_out("probe-dist")
    assert not is_left_out("not-installed")
