"""The status of every installed plugin, with the reason and the remedy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from zoo_core.plugins.status import PluginStatus, plugin_statuses

Installer = Callable[..., Path]
GOOD = """
from pathlib import Path
from zoo_core import ModelSpec, hookimpl
ZOO_API = 3
@hookimpl
def zoo_models(): return [ModelSpec(name="owl", summary="", config="", factory="")]
@hookimpl
def zoo_registries(): return [Path("owls.toml")]
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Installer:
    """``install("zoo-owl", source)``: installs a distribution of one module, returns its folder."""

    def write(name: str, source: str, origin: object = None) -> Path:
        site = tmp_path / "site"
        module = f"{tmp_path.name}_{name}".replace("-", "_")
        info = site / f"{name.replace('-', '_')}-2.0.dist-info"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n")
        (info / "entry_points.txt").write_text(f"[zoo]\n{name} = {module}\n")
        if origin:
            (info / "direct_url.json").write_text(json.dumps(origin))
        (site / f"{module}.py").write_text(source)
        monkeypatch.syspath_prepend(site)
        return site

    return write


def status_of(name: str) -> PluginStatus:
    (status,) = [status for status in plugin_statuses() if status.plugin.name == name]
    return status


def test_a_working_plugin_has_its_contributions_and_location(install: Installer) -> None:
    site = install("zoo-owl", GOOD)
    status = status_of("zoo-owl")
    assert status.state == "ok"
    assert status.contributes == {"model": ["owl"], "registry": ["owls.toml"]}
    assert (status.plugin.version, Path(status.location)) == ("2.0", site)
    assert status.reason == status.remedy == status.traceback == ""


def test_a_plugin_with_recipes_names_them() -> None:
    assert "gru-embed.hello" in status_of("zoo-gru").contributes["recipe"]


def test_an_editable_plugin_comes_from_its_own_folder(install: Installer) -> None:
    origin = {"url": "file:///home/me/my%20owls", "dir_info": {"editable": True}}
    install("zoo-owl", GOOD, origin)
    assert status_of("zoo-owl").location == "/home/me/my owls"


def test_an_editable_plugin_that_is_broken_is_to_be_repaired_where_it_lies(
    install: Installer,
) -> None:
    origin = {"url": "file:///home/me/my%20owls", "dir_info": {"editable": True}}
    install("zoo-owl", GOOD.replace("zoo_models", "zoo_modles"), origin)
    remedy = status_of("zoo-owl").remedy
    assert remedy.startswith("repair it in /home/me/my owls; zoo plugins -v shows where it fails")
    assert "upgrade" not in remedy


@pytest.mark.parametrize("origin", [{"url": "file:///tmp/owl"}, [], {"dir_info": {"editable": 1}}])
def test_other_origins_are_accepted(install: Installer, origin: object) -> None:
    install("zoo-owl", GOOD, origin)
    assert status_of("zoo-owl").state == "ok"


def test_a_broken_plugin_has_reason_remedy_and_traceback(install: Installer) -> None:
    install("zoo-owl", "raise SystemExit('gone')")
    status = status_of("zoo-owl")
    assert (status.state, status.reason, status.contributes) == ("broken", "SystemExit: gone", {})
    assert "zoo plugins uninstall zoo-owl" in status.remedy
    assert "Traceback" in status.traceback


@pytest.mark.parametrize(
    ("api", "word", "porting"),
    [
        (1, "upgrade the plugin", 'write "from zoo_core.runtime.nn import ..." and ZOO_API = 3'),
        (2, "upgrade the plugin", "declare outputs and trainers as docs/hooks.md says, and write"),
        (9, "upgrade zoo-core", ""),
    ],
)
def test_a_plugin_of_another_api_is_incompatible(
    install: Installer, api: int, word: str, porting: str
) -> None:
    install("zoo-owl", GOOD.replace("ZOO_API = 3", f"ZOO_API = {api}"))
    status = status_of("zoo-owl")
    assert status.state == "incompatible"
    assert word in status.reason
    assert ("if it is yours, " in status.remedy) == bool(porting)
    assert porting in status.remedy
    assert "\n" not in status.remedy


def test_a_blocked_plugin_is_listed_and_not_loaded(
    install: Installer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    install("zoo-owl", f"open({str(tmp_path / 'loaded')!r}, 'w')")
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-text")
    status = status_of("zoo-owl")
    assert status.state == "blocked"
    assert "ZOO_PLUGINS" in status.remedy
    assert not (tmp_path / "loaded").exists()
    assert status_of("zoo-text").state == "ok"


def test_a_broken_plugin_does_not_change_the_status_of_others(install: Installer) -> None:
    install("zoo-bad", "1 / 0")
    install("zoo-owl", GOOD)
    assert [status_of("zoo-bad").state, status_of("zoo-owl").state] == ["broken", "ok"]
