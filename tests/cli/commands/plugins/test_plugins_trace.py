"""``zoo plugins trace``: every hook call and what it costs."""

from __future__ import annotations

from tests.cli.command import Zoo


def test_every_plugin_is_loaded_once(zoo: Zoo) -> None:
    report = zoo("plugins", "trace", "--json").json
    calls = [(call["plugin"], call["hook"]) for call in report["calls"]]
    assert len(calls) == len(set(calls))
    assert {("zoo-gru", "import"), ("zoo-gru", "zoo_models"), ("zoo-text", "zoo_datasets")} <= {
        *calls
    }
    costs = [plugin["seconds"] for plugin in report["plugins"]]
    assert costs == sorted(costs, reverse=True)
    assert abs(sum(costs) - sum(call["seconds"] for call in report["calls"])) < 1e-9


def test_the_table_ends_with_the_total_time(zoo: Zoo) -> None:
    lines = zoo("plugins", "trace").stdout.splitlines()
    assert lines[0].split() == ["plugin", "call", "ms"]
    assert lines[-1].startswith("every plugin ")


def test_a_command_is_run_and_only_the_trace_is_data(zoo: Zoo) -> None:
    result = zoo("plugins", "trace", "--json", "list", "models", "gru-embed", "--json")
    assert {call["plugin"] for call in result.json["calls"]} >= {"zoo-gru", "zoo-text"}
    assert '"name": "gru-embed"' in result.stderr


def test_the_commands_exit_code_is_kept(zoo: Zoo) -> None:
    result = zoo("plugins", "trace", "--json", "show", "no-such-model")
    assert (result.code, result.json["exit"]) == (3, 3)
    assert "and no model 'no-such-model'; try: zoo list models" in result.stderr


def test_a_command_that_needs_no_plugin_calls_none(zoo: Zoo) -> None:
    assert zoo("plugins", "trace", "--json", "completion", "bash").json["calls"] == []
