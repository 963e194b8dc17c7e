"""Every function of ``zoo_core`` says in one line which argument has the wrong type."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import zoo_core
from docs.reference import API
from zoo_core import Checkpoint

NO_FUNCTIONS_OF_DATA = ("hookimpl", "config", "setting")
"""What declares a plugin, which the loading of plugins checks."""
FUNCTIONS = [
    name
    for names in API.values()
    for name in names
    if inspect.isfunction(getattr(zoo_core, name)) and name not in NO_FUNCTIONS_OF_DATA
]
PARAMETERS = [
    (function, parameter.name)
    for function in FUNCTIONS
    for parameter in inspect.signature(getattr(zoo_core, function)).parameters.values()
    if parameter.annotation != "Data"  # any of many types
]


def _arguments(function: str, hello_checkpoint: Checkpoint) -> dict[str, Any]:
    """Returns an argument of the right type for each that must be given."""
    parameters = inspect.signature(getattr(zoo_core, function)).parameters.values()
    given = {
        "Checkpoint": hello_checkpoint,
        "Sequence[str | Path | Checkpoint]": [hello_checkpoint],
    }
    return {
        parameter.name: given.get(parameter.annotation, "hello")
        for parameter in parameters
        if parameter.default is parameter.empty
    }


@pytest.mark.parametrize(("function", "parameter"), PARAMETERS)
def test_an_argument_of_the_wrong_type_is_named_with_what_is_expected(
    function: str, parameter: str, hello_checkpoint: Checkpoint
) -> None:
    arguments = _arguments(function, hello_checkpoint) | {parameter: object()}
    with pytest.raises(TypeError) as caught:
        getattr(zoo_core, function)(**arguments)
    message = str(caught.value)
    assert re.fullmatch(rf"{parameter} = <object object at \w+>: expected \w.*", message)


def test_the_functions_are_those_of_the_interface() -> None:
    assert {"predict", "train", "sweep", "list_models"} <= set(FUNCTIONS)
    assert len(PARAMETERS) > 100


@pytest.mark.parametrize("name", ["my-run", Path("my-run")])
@pytest.mark.parametrize(
    "function",
    [
        name
        for name in FUNCTIONS
        if "checkpoint" in inspect.signature(getattr(zoo_core, name)).parameters
    ],
)
def test_a_name_in_the_place_of_a_checkpoint_is_told_how_to_load_it(
    function: str, name: str | Path, hello_checkpoint: Checkpoint
) -> None:
    arguments = _arguments(function, hello_checkpoint) | {"checkpoint": name}
    with pytest.raises(TypeError, match=r"not its name: zoo_core\.load\('my-run'\) returns it"):
        getattr(zoo_core, function)(**arguments)


def test_a_policy_in_words_is_told_how_to_write_it(hello_checkpoint: Checkpoint) -> None:
    with pytest.raises(TypeError, match=r"^unknown = 'skip': expected zoo_core\.Unknown\('skip'\)"):
        zoo_core.predict(hello_checkpoint, "hello", unknown="skip")  # type: ignore[call-overload]


def test_a_name_in_the_place_of_the_list_to_compare_is_told_so() -> None:
    with pytest.raises(TypeError, match=r"expected a list of .*, such as \['my-run'\]$"):
        zoo_core.compare("my-run")


SECTIONS = "there are model, dataset, trainer"
SETTINGS: list[tuple[Any, str]] = [
    ({"model": 5}, r"^model = 5: expected a dictionary of settings$"),
    ({"model": None}, r"^model = None: expected a dictionary of settings$"),
    ({"model": ["hidden_size"]}, r"^model = \['hidden_size'\]: expected a dictionary of settings$"),
    ({5: {}}, rf"^5: no such section; {SECTIONS}, such as {{'trainer': {{'epochs': 3}}}}$"),
    ({5: {}, "mode": {}}, rf"^5: no such section; {SECTIONS}, "),
    ({"model": {5: 1}}, r"^model\.5: no such setting; model has: "),
    ({"model": {"hidden_size": b"5"}}, r"^model\.hidden_size = .*: expected an integer >= 1$"),
    ({"model": {"hidden_size": np.ones(2)}}, r"^model\.hidden_size = .*: expected an integer >= 1"),
]


@pytest.mark.parametrize(("settings", "message"), SETTINGS)
@pytest.mark.parametrize(
    "call",
    [
        lambda settings: zoo_core.create_model("lstm-embed", settings=settings),
        lambda settings: zoo_core.train("lstm-embed", settings=settings),
        lambda settings: zoo_core.sweep("lstm-embed", settings=settings),
        lambda settings: zoo_core.compare(["lstm-embed"], seeds=[0], settings=settings),
    ],
    ids=["create_model", "train", "sweep", "compare"],
)
def test_settings_of_another_shape_are_one_line(
    call: Callable[[Any], object], settings: Any, message: str
) -> None:
    with pytest.raises(zoo_core.ConfigError, match=message):
        call(settings)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"dataset": 5}, "dataset = 5: expected a dictionary of settings"),
        ({"model": {}}, "has settings of the dataset alone"),
        ({5: 5}, "5: no such section"),
    ],
)
def test_settings_of_data_are_those_of_the_dataset_alone(
    hello_checkpoint: Checkpoint, settings: Any, message: str
) -> None:
    with pytest.raises(zoo_core.ConfigError, match=message):
        zoo_core.evaluate(hello_checkpoint, settings=settings)
    with pytest.raises(zoo_core.ConfigError, match=message):
        zoo_core.check_data("hello", settings)


def test_a_scalar_of_numpy_is_a_number_in_settings() -> None:
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": np.int64(6)},
        "trainer": {"learning_rate": np.float32(0.5)},
    }
    model = zoo_core.create_model("lstm-embed", settings=settings)
    assert model.state_dict()["recurrent.weight_hh_l0"].shape == (24, 6)


NUMBERS: list[tuple[Callable[..., object], dict[str, Any], str]] = [
    (zoo_core.create_model, {"seed": -1}, "seed = '-1': expected an integer >= 0 and < 4294967296"),
    (zoo_core.train, {"threads": -1}, "threads = '-1': expected an integer >= 0 and <= 1024"),
    (zoo_core.train, {"threads": 10**9}, "threads = '1000000000': expected an integer >= 0"),
    (zoo_core.train, {"seed": 2**32}, "seed = '4294967296': expected an integer >= 0"),
    (zoo_core.sweep, {"seeds": [0, -1]}, "seed = '-1': expected an integer >= 0"),
    (zoo_core.sweep, {"seeds": [2**32]}, "seed = '4294967296': expected an integer >= 0"),
    (zoo_core.sweep, {"threads": -1}, "threads = '-1': expected an integer >= 0 and <= 1024"),
    (zoo_core.sweep, {"threads": 1025}, "threads = '1025': expected an integer >= 0 and <= 1024"),
    (zoo_core.sweep, {"random": -1}, "random = -1: expected an integer >= 0"),
    (zoo_core.sweep, {"jobs": -1}, "jobs = -1: expected an integer >= 0"),
    (zoo_core.sweep, {"budget": -1}, "budget = '-1.0': expected a number of seconds >= 0"),
    (zoo_core.sweep, {"budget": float("nan")}, "budget = 'nan': expected a number of seconds >= 0"),
]


@pytest.mark.parametrize(("function", "numbers", "message"), NUMBERS)
def test_a_number_out_of_bounds_is_refused_before_there_is_a_folder(
    function: Callable[..., object], numbers: dict[str, Any], message: str, isolation: Path
) -> None:
    with pytest.raises(zoo_core.ConfigError, match=re.escape(message)):
        function("lstm-embed", **numbers)
    assert list(isolation.iterdir()) == []


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"seeds": [-1]}, "seed = '-1': expected an integer >= 0"),
        ({"budget": float("inf")}, "budget = 'inf': expected a number of seconds >= 0"),
        ({"tokens": -1}, "token_budget = '-1': expected an integer >= 0"),
        ({"epochs": -1}, "trainer.epochs = '-1': expected an integer >= 1"),
        ({"threads": -1, "seeds": [0]}, "threads = '-1': expected an integer >= 0"),
        ({"target": float("nan")}, "target = nan: expected a finite number"),
    ],
)
def test_a_comparison_refuses_numbers_out_of_bounds(numbers: dict[str, Any], message: str) -> None:
    with pytest.raises(zoo_core.ConfigError, match=re.escape(message)):
        zoo_core.compare(["lstm-embed"], **numbers)


def test_a_comparison_of_nothing_is_refused() -> None:
    with pytest.raises(zoo_core.ConfigError, match=r"^references = \[\]: expected at least one "):
        zoo_core.compare([])


@pytest.mark.parametrize("data", ["hello", b"hello", 5, {"a": 1}, (5, 5), ([1], 5), float("nan")])
def test_data_of_another_type_is_told_what_it_may_be(data: Any) -> None:
    with pytest.raises(
        zoo_core.DataError, match=r"^data of the type \w+: expected a list of texts"
    ):
        zoo_core.train("lstm-stacked", data=data)


def test_a_count_below_zero_is_refused(hello_checkpoint: Checkpoint, trained_once: Path) -> None:
    with pytest.raises(zoo_core.ConfigError, match=r"^top = -1: expected an integer >= 0$"):
        zoo_core.inspect(hello_checkpoint, "hello", top=-1)
    prose = zoo_core.load(trained_once)
    with pytest.raises(zoo_core.ConfigError, match=r"^length = -1: expected an integer >= 0$"):
        zoo_core.stream(prose, length=-1)
    with pytest.raises(zoo_core.ConfigError, match=r"^length = -1: expected an integer >= 0$"):
        zoo_core.generate(prose, ["the"], length=-1)
