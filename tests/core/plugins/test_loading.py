"""Loading one plugin: what it contributes, of every kind."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.core.plugins.sample_plugin import SPECS, PluginWriter
from zoo_core.errors import PluginError
from zoo_core.plugins.hookspecs import hookspec
from zoo_core.plugins.loading import HOOKS, SPEC_HOOKS, load_plugin
from zoo_core.plugins.specs import AbstractSpec, CommandSpec, KernelSpec

KERNEL_AND_COMMAND = """
from zoo_core import CommandSpec, KernelSpec

@hookimpl
def zoo_kernels():
    return [KernelSpec(name="swift", summary="", factory="", cells=("lstm",))]

@hookimpl
def zoo_commands():
    return [CommandSpec(name="count", summary="", target="")]
"""
REGISTRY = """
from pathlib import Path

@hookimpl
def zoo_registries():
    return [Path(__file__).with_name("registry.toml")]
"""


def test_every_hook_of_the_specification_is_called() -> None:
    from zoo_core.plugins import hookspecs

    specified = {name for name in vars(hookspecs) if name.startswith("zoo_")}
    assert specified == set(HOOKS)
    assert hookspec.project_name == "zoo"


def test_models_datasets_and_trainers_are_contributed(write_plugin: PluginWriter) -> None:
    specs = load_plugin(write_plugin(SPECS))
    assert [spec.name for spec in specs] == ["tiny", "bare", "alpha", "beta", "plain", "fancy"]


def test_kernels_and_commands_are_contributed(write_plugin: PluginWriter) -> None:
    specs = load_plugin(write_plugin(KERNEL_AND_COMMAND))
    kernel, command = specs
    assert isinstance(kernel, KernelSpec)
    assert isinstance(command, CommandSpec)


def test_a_registry_alone_is_a_contribution(write_plugin: PluginWriter) -> None:
    plugin = write_plugin(REGISTRY)
    (path,) = load_plugin(plugin)
    assert path == Path(str(sys.modules[plugin.module].__file__)).with_name("registry.toml")


def test_two_kinds_may_share_a_name(write_plugin: PluginWriter) -> None:
    dataset = "DatasetSpec(name='tiny', summary='', config='', factory='', default_trainer='')"
    source = f"""
@hookimpl
def zoo_models(): return [model('tiny')]
@hookimpl
def zoo_datasets(): return [{dataset}]
"""
    assert [spec.name for spec in load_plugin(write_plugin(source))] == ["tiny", "tiny"]


def test_an_unmarked_helper_without_the_prefix_is_no_hook(write_plugin: PluginWriter) -> None:
    source = "def helper(): pass\n@hookimpl\ndef zoo_models(): return [model()]"
    assert len(load_plugin(write_plugin(source))) == 1


def test_stdout_is_the_same_after_a_failure(write_plugin: PluginWriter) -> None:
    before = sys.stdout
    with pytest.raises(PluginError):
        load_plugin(write_plugin(""))
    assert sys.stdout is before


def test_long_answers_are_cut_in_the_reason(write_plugin: PluginWriter) -> None:
    with pytest.raises(PluginError) as caught:
        load_plugin(write_plugin("@hookimpl\ndef zoo_models(): return 'x' * 5000"))
    assert len(str(caught.value)) < 200


def test_every_kind_of_spec_has_a_hook() -> None:
    assert set(SPEC_HOOKS.values()) == set(AbstractSpec.__subclasses__())
