"""``zoo plugins check``."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

from tests.cli.command import InstallPlugin, Zoo
from tests.testing.examples import HOOK


def test_a_plugin_that_passes_is_a_line_per_check_and_exit_0(
    zoo: Zoo, install_plugin: InstallPlugin
) -> None:
    install_plugin("zoo-owl", "zoo_owl_right", {"zoo_owl_right.py": HOOK})
    result = zoo("plugins", "check", "zoo-owl")
    assert result.code == 0
    assert "ok       plugin zoo-owl  import-budget\n" in result.stdout
    assert len(result.stdout.splitlines()) == 9
    assert "zoo-owl passes: 9 ok, 0 skipped" in result.stderr


def test_a_failure_is_exit_7_with_a_remedy(zoo: Zoo, install_plugin: InstallPlugin) -> None:
    install_plugin(
        "zoo-owl", "zoo_owl_wrong", {"zoo_owl_wrong.py": HOOK.replace("Hoots.", "hoots")}
    )
    result = zoo("plugins", "check", "zoo-owl")
    assert result.code == 7
    for text in ("failed   command owl-hoot  summary", "expected: ", "seen: 'hoots'", "to fix it"):
        assert text in result.stdout
    assert "Error: zoo-owl does not pass: summary of command owl-hoot; " in result.stderr


def test_a_broken_plugin_is_checked_too(zoo: Zoo, install_plugin: InstallPlugin) -> None:
    install_plugin("zoo-owl", "zoo_owl_broken", {"zoo_owl_broken.py": "import no_such_module"})
    result = zoo("plugins", "check", "zoo-owl")
    assert result.code == 7
    assert "failed   plugin zoo-owl  imports" in result.stdout
    assert (
        "skipped  plugin zoo-owl  hooks\n           the check imports did not pass" in result.stdout
    )


def test_json_is_an_object_per_check_whether_or_not_it_passes(
    zoo: Zoo, install_plugin: InstallPlugin
) -> None:
    install_plugin("zoo-owl", "zoo_owl_json", {"zoo_owl_json.py": HOOK.replace("Hoots.", "hoots")})
    result = zoo("plugins", "check", "zoo-owl", "--json")
    assert result.code == 7
    verdicts = {row["check"]: row["verdict"] for row in result.json}
    assert verdicts["summary"] == "failed"
    assert verdicts["imports"] == "ok"
    assert result.json[0].keys() >= {"subject", "rule", "expected", "seen", "case", "remedy"}


def test_an_unknown_plugin_is_exit_3_with_the_nearest_names(zoo: Zoo) -> None:
    result = zoo("plugins", "check", "zoo-lstn")
    assert result.code == 3
    assert "did you mean zoo-lstm" in result.stderr


def test_the_help_of_check_opens_in_a_fresh_process(
    zoo_process: Callable[..., subprocess.Popen[str]],
) -> None:
    with zoo_process("plugins", "check", "--help") as process:
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert "Check that an installed plugin" in output
