"""Specs are frozen, compare by their fields, and name a field that is missing or unknown."""

from __future__ import annotations

from typing import Any

import pytest

from zoo_core.plugins.specs import REQUIRED, SPEC_CLASSES, LoggerSpec, ModelSpec

FIELDS: dict[str, Any] = {"name": "tiny", "summary": "Small.", "config": "a:B", "factory": "a:c"}


def test_a_spec_has_its_fields_and_defaults() -> None:
    spec = ModelSpec(**FIELDS, tags=("small",))
    assert (spec.name, spec.tags, spec.accepts, spec.context) == (
        *("tiny", ("small",), ("tokens",), False),
    )
    assert vars(spec).keys() == ModelSpec.defaults.keys()


@pytest.mark.parametrize("kind", SPEC_CLASSES)
def test_name_and_summary_come_first_and_are_required(kind: type[Any]) -> None:
    assert list(kind.defaults)[:2] == ["name", "summary"]
    assert kind.defaults["name"] is kind.defaults["summary"] is REQUIRED
    assert "noun" not in kind.defaults


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (FIELDS | {"colour": "red"}, "ModelSpec has no field 'colour'"),
        ({key: FIELDS[key] for key in ("name", "config", "factory")}, "needs the field 'summary'"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(TypeError, match=words):
        ModelSpec(**fields)


def test_a_spec_is_frozen() -> None:
    spec: Any = LoggerSpec(name="log", summary="Logs.", factory="a:b")
    with pytest.raises(AttributeError, match="cannot set 'name': a LoggerSpec is frozen"):
        spec.name = "other"
    with pytest.raises(AttributeError, match="cannot delete 'name'"):
        del spec.name


def test_specs_compare_by_their_fields() -> None:
    spec = ModelSpec(**FIELDS)
    assert spec == ModelSpec(**FIELDS)
    assert hash(spec) == hash(ModelSpec(**FIELDS))
    assert spec != spec.replace(name="other")
    assert spec.replace(name="other").name == "other"
    assert spec != LoggerSpec(name="tiny", summary="Small.", factory="a:c")
    assert repr(LoggerSpec(name="l", summary="", factory="a:b")) == (
        "LoggerSpec(name='l', summary='', factory='a:b')"
    )
