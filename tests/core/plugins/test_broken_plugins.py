"""A broken plugin is a row with a reason, and everything else works."""

from __future__ import annotations

import signal

import pytest

from tests.core.plugins.sample_plugin import PluginWriter
from zoo_core.errors import Interrupted, NotFoundError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec

GOOD = "@hookimpl\ndef zoo_models(): return [model('good')]\n"
DATASET = "DatasetSpec(name='d', summary='', config='', factory='', default_trainer='')"
BROKEN = {
    "raises at import": ("raise ValueError('no luck')", "ValueError: no luck"),
    "no Python": ("def", "SyntaxError: "),
    "imports what is missing": ("import no_such_thing", "No module named 'no_such_thing'"),
    "exits at import": ("raise SystemExit(3)", "SystemExit: 3"),
    "interrupts at import": ("raise KeyboardInterrupt", "KeyboardInterrupt"),
    "raises in a hook": ("@hookimpl\ndef zoo_models(): 1 / 0", "ZeroDivisionError: "),
    "exits in a hook": ("@hookimpl\ndef zoo_models(): raise SystemExit", "SystemExit"),
    "interrupts in a hook": ("@hookimpl\ndef zoo_models(): raise KeyboardInterrupt", "Keyboard"),
    "misspelt hook": (GOOD + "@hookimpl\ndef zoo_modles(): return []", "did you mean zoo_models"),
    "hook of another name": (GOOD + "@hookimpl\ndef models(): return []", "no hook 'models'; did"),
    "no hook at all": (GOOD + "@hookimpl\ndef wings(): return []", "'wings'; there are zoo_models"),
    "unmarked hook": (GOOD + "def zoo_datasets(): return []", "zoo_datasets is not a hook"),
    "unknown argument": ("@hookimpl\ndef zoo_models(config): return [model()]", "config"),
    "a tuple": (
        "@hookimpl\ndef zoo_models(): return (model(),)",
        "must return a list of ModelSpec",
    ),
    "a spec alone": ("@hookimpl\ndef zoo_models(): return model()", "must return a list of ModelS"),
    "None beside good hooks": (GOOD + "@hookimpl\ndef zoo_datasets(): pass", "zoo_datasets must"),
    "a name in the list": (
        "@hookimpl\ndef zoo_models(): return ['lstm']",
        "ModelSpecs, not 'lstm'",
    ),
    "a class in the list": ("@hookimpl\ndef zoo_models(): return [ModelSpec]", "ModelSpecs, not"),
    "another kind": (f"@hookimpl\ndef zoo_models(): return [{DATASET}]", "ModelSpecs, not Dataset"),
    "a text as registry": ("@hookimpl\ndef zoo_registries(): return ['a.toml']", "Paths, not 'a."),
    "a name twice": ("@hookimpl\ndef zoo_models(): return [model(), model()]", "'tiny' twice"),
    "a capital": ("@hookimpl\ndef zoo_models(): return [model('Tiny')]", "'Tiny': names are lower"),
    "a dot": ("@hookimpl\ndef zoo_models(): return [model('a.b')]", "'a.b': names are lower case"),
    "an empty name": (
        "@hookimpl\ndef zoo_models(): return [model('')]",
        "'': names are lower case",
    ),
    "a line break": ("@hookimpl\ndef zoo_models(): return [model('a\\n')]", "names are lower case"),
    "no name": ("@hookimpl\ndef zoo_models(): return [model(None)]", "None: names are lower case"),
    "a summary that is no text": (
        "@hookimpl\ndef zoo_models(): return [model().replace(summary=None)]",
        "zoo_models offers 'tiny' with summary = None: expected a text",
    ),
    "tags that are no tuple": (
        "@hookimpl\ndef zoo_models(): return [model().replace(tags=None)]",
        "'tiny' with tags = None: expected a tuple of texts",
    ),
    "tags that are no texts": (
        "@hookimpl\ndef zoo_models(): return [model().replace(tags=[1])]",
        "'tiny' with tags = [1]: expected a tuple of texts",
    ),
    "a text for a tuple": (
        "@hookimpl\ndef zoo_models(): return [model().replace(accepts='features')]",
        "'tiny' with accepts = 'features': expected a tuple of texts, such as ('features',)",
    ),
    "a class for an import string": (
        "@hookimpl\ndef zoo_models(): return [model().replace(config=object)]",
        "config = <class 'object'>: expected a text",
    ),
    "a word for yes": (
        "@hookimpl\ndef zoo_models(): return [model().replace(context='yes')]",
        "context = 'yes': expected True or False",
    ),
    "nothing": ("", "contributes nothing"),
    "empty lists": ("@hookimpl\ndef zoo_models(): return []", "contributes nothing"),
    "error whose words interrupt": (
        "class Mute(Exception):\n    def __str__(self): raise KeyboardInterrupt\nraise Mute",
        "Mute",
    ),
    "error without words": (
        "class Mute(Exception):\n    def __str__(self): raise RuntimeError\nraise Mute",
        "Mute",
    ),
}
APIS = {
    "missing": ("", "names no plugin API: add ZOO_API = 3"),
    "older": ("ZOO_API = 0", "built for plugin API 0, this is 3: upgrade the plugin"),
    "newer": ("ZOO_API = 4", "built for plugin API 4, this is 3: upgrade zoo-core"),
    "no number": ("ZOO_API = '1'", "built for plugin API '1', this is 3"),
}


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin_is_a_row_and_the_others_work(
    write_plugin: PluginWriter, source: str, reason: str
) -> None:
    bad = write_plugin(source, name="zoo-bad")
    good = write_plugin(GOOD, name="zoo-good")
    catalog = load_catalog([bad, good])
    assert [row.plugin for row in catalog.broken] == [bad]
    assert reason in catalog.broken[0].reason
    assert catalog.plugins == (good,)
    assert catalog.find(ModelSpec, "good").plugin == good


@pytest.mark.parametrize(("api", "reason"), APIS.values(), ids=APIS.keys())
def test_an_unsupported_api_is_a_row_that_names_the_upgrade(
    write_plugin: PluginWriter, api: str, reason: str
) -> None:
    catalog = load_catalog([write_plugin(GOOD, api=api)])
    assert [reason in row.reason for row in catalog.broken] == [True]
    assert not catalog.entries


def test_the_reason_is_one_line(write_plugin: PluginWriter) -> None:
    bad = write_plugin("raise ValueError('one\\ntwo\\n\\n   three')")
    assert load_catalog([bad]).broken[0].reason == "ValueError: one two three"


def test_the_remedy_names_the_distribution(write_plugin: PluginWriter) -> None:
    bad = write_plugin("raise ValueError", name="zoo-bad", distribution="zoo-plugin-bad")
    assert "zoo-plugin-bad" in load_catalog([bad]).broken[0].remedy


def test_the_row_has_the_traceback(write_plugin: PluginWriter) -> None:
    bad = write_plugin("raise ValueError('no luck')")
    traceback = load_catalog([bad]).broken[0].traceback
    assert "plugin.py" in traceback
    assert "no luck" in traceback


def test_an_unknown_name_mentions_broken_plugins(write_plugin: PluginWriter) -> None:
    catalog = load_catalog([write_plugin("raise ValueError", name="zoo-bad")])
    with pytest.raises(NotFoundError, match="broken, so not searched: zoo-bad"):
        catalog.find(ModelSpec, "tiny")


def test_a_real_interrupt_passes_through(write_plugin: PluginWriter) -> None:
    interrupts = "from zoo_core.errors import Interrupted\nraise Interrupted(2)"
    with pytest.raises(Interrupted) as caught:
        load_catalog([write_plugin(interrupts)])
    assert caught.value.signal == signal.SIGINT


@pytest.mark.parametrize("when", ["loading", "importing"])
def test_ctrl_c_from_python_is_not_taken_for_a_broken_plugin(
    write_plugin: PluginWriter, when: str
) -> None:
    presses = write_plugin("import signal\nsignal.raise_signal(signal.SIGINT)")

    def run() -> None:
        if when == "loading":
            load_catalog([presses])
        else:
            resolve(f"{presses.module}:model")

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(Interrupted):
            run()
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
