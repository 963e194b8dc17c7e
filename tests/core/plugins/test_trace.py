"""The hook trace: every call into a plugin while it is recorded."""

from __future__ import annotations

from tests.core.plugins.sample_plugin import SPECS, PluginWriter
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.trace import recording


def test_imports_and_hooks_are_recorded_in_order(write_plugin: PluginWriter) -> None:
    with recording() as calls:
        load_catalog([write_plugin(SPECS)])
    hooks = ["import", "zoo_models", "zoo_datasets", "zoo_trainers"]
    assert [(call.plugin, call.hook) for call in calls] == [("zoo-test", hook) for hook in hooks]
    assert all(call.seconds > 0 and not call.error for call in calls)


def test_time_spent_in_a_hook_is_that_hooks(write_plugin: PluginWriter) -> None:
    slow = "import time\n@hookimpl\ndef zoo_models(): time.sleep(0.05); return [model()]"
    with recording() as calls:
        load_catalog([write_plugin(slow)])
    assert {call.hook: call.seconds >= 0.05 for call in calls}["zoo_models"]


def test_a_failure_is_recorded_with_its_error(write_plugin: PluginWriter) -> None:
    with recording() as calls:
        load_catalog([write_plugin("raise SystemExit", name="zoo-bad"), write_plugin(SPECS)])
    assert [(call.plugin, call.error) for call in calls][:2] == [
        ("zoo-bad", "SystemExit"),
        ("zoo-test", ""),
    ]


def test_nothing_is_recorded_without_a_trace(write_plugin: PluginWriter) -> None:
    with recording() as calls:
        pass
    load_catalog([write_plugin(SPECS)])
    assert calls == []
