"""Puts the root's registry.toml into every wheel and sdist built from a checkout."""

from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class RegistryHook(BuildHookInterface):
    def initialize(self, version, build_data):
        registry = Path(self.root).parent / "registry.toml"
        if version == "editable" or not registry.is_file():
            return  # a checkout reads the root's own; an unpacked sdist already holds its copy
        folder = "src/zoo_core" if self.target_name == "sdist" else "zoo_core"
        build_data["force_include"][str(registry)] = f"{folder}/registry.toml"
