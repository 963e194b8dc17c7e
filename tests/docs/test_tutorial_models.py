"""The models of the tutorial, read from the page and held to the conformance rules."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.docs.session import blocks
from zoo_core import ModelSpec
from zoo_core.testing.cases.model_cases import model_cases
from zoo_core.testing.check import Case, Check
from zoo_core.testing.checked_part import CheckedPart
from zoo_core.testing.checks import specs
from zoo_core.testing.checks.models import CHECKS

PAGE = Path(__file__).parents[2] / "docs" / "write-a-plugin.md"
PACKAGE = "zoo_plugin_owl"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The modules of the page, importable."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / PACKAGE).mkdir()
    for block in blocks(PAGE.read_text("utf-8")):
        path = Path(block.path)
        if path.parent.name == PACKAGE:
            (folder / PACKAGE / path.name).write_text(block.body, "utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        yield PACKAGE
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]


@pytest.mark.parametrize(
    ("factory", "accepts"),
    [("models:owl_model", ("tokens", "features")), ("shifted:shifted_model", ("features",))],
    ids=["cell", "blocks"],
)
def test_the_models_of_the_page_keep_the_rules(
    package: str, factory: str, accepts: tuple[str, ...]
) -> None:
    spec = ModelSpec(
        name="owl",
        summary="An owl.",
        config=f"{package}.configs:OwlConfig",
        factory=f"{package}.{factory}",
        accepts=accepts,
    )
    groups: list[tuple[Sequence[Check], Callable[[], Iterable[Case]]]] = [
        (specs.CHECKS + specs.CONFIG_CHECKS, lambda: [specs.SpecCase(spec)]),
        (CHECKS, lambda: model_cases(spec)),
    ]
    failed = [
        result for result in CheckedPart("owl", groups).results() if result.verdict == "failed"
    ]
    assert not failed
