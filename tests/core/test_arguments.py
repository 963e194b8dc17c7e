"""Arguments of public functions: what their annotations allow, and what an error says."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Any, final

import numpy as np
import pytest

from zoo_core.arguments import check_arguments
from zoo_core.errors import ConfigError


@final
class Gauge:
    """A class of the zoo."""


@check_arguments({Gauge: lambda given: f"a gauge, not {type(given).__name__}"})
def measure(
    gauge: Gauge,
    text: str | list[str] = "",
    *,
    count: int | None = None,
    rate: float = 0.0,
    is_loud: bool = False,
    place: str | Path = ".",
    names: Sequence[str] = (),
    seeds: Sequence[int] = (),
    settings: Mapping[str, Any] | None = None,
    listen: Callable[[str], None] | None = None,
    anything: Any = None,
) -> dict[str, object]:
    """Returns what it got."""
    return dict(locals())


class Table:
    """Columns, whose names are what it yields, as a DataFrame does."""

    columns = ("text", "label")

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __repr__(self) -> str:
        return "a table"


WRONG: dict[str, list[tuple[object, str]]] = {
    "text": [
        (5, "text = 5: expected text or a list of texts"),
        (None, "text = None: expected text or a list of texts"),
        (b"a", "text = b'a': expected text or a list of texts"),
        (Path("a"), "text = PosixPath('a'): expected text or a list of texts"),
        ({"a": 1}, "text = {'a': 1}: expected text or a list of texts"),
        (["a", 5], "text = ['a', 5]: expected text or a list of texts"),
        (float("nan"), "text = nan: expected text or a list of texts"),
    ],
    "count": [
        (1.5, "count = 1.5: expected an integer or None"),
        ("3", "count = '3': expected an integer or None"),
        (True, "count = True: expected an integer or None"),
        (np.array([1, 2]), "count = array([1, 2]): expected an integer or None"),
    ],
    "rate": [
        ("0.1", "rate = '0.1': expected a number"),
        (None, "rate = None: expected a number"),
        (False, "rate = False: expected a number"),
        (np.ones((1, 2)), "rate = array([[1., 1.]]): expected a number"),
        (10**400, f"rate = 1{'0' * 76}...: expected a number"),
    ],
    "is_loud": [("no", "is_loud = 'no': expected True or False")],
    "place": [(b"a", "place = b'a': expected text or a path")],
    "names": [
        ("csv", "names = 'csv': expected a list of texts, such as ['csv']"),
        (5, "names = 5: expected a list of texts"),
        ({"csv": 1}, "names = {'csv': 1}: expected a list of texts"),
        (np.array(5), "names = array(5): expected a list of texts"),
        (Table(), "names = a table: expected a list of texts"),
    ],
    "seeds": [
        (3, "seeds = 3: expected a list of integers, such as [3]"),
        ("01", "seeds = '01': expected a list of integers"),
        ([0.5], "seeds = [0.5]: expected a list of integers"),
    ],
    "settings": [(["a"], "settings = ['a']: expected a dictionary or None")],
    "listen": [("print", "listen = 'print': expected a function or None")],
}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [(name, value, message) for name, cases in WRONG.items() for value, message in cases],
)
def test_a_wrong_type_is_one_line_with_what_was_given_and_what_is_expected(
    name: str, value: object, message: str
) -> None:
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(TypeError) as caught:
        measure(Gauge(), **arguments)
    said = str(caught.value).replace("WindowsPath", "PosixPath")
    assert said == message


def test_a_class_has_the_words_that_are_given_for_it() -> None:
    with pytest.raises(TypeError, match=r"^gauge = 'a': expected a gauge, not str$"):
        measure("a")  # type: ignore[arg-type]


def test_a_value_of_many_lines_is_shown_in_one() -> None:
    with pytest.raises(TypeError, match=r"^gauge = array\(\[\[0, 1\], \[2, 3\]\]\): expected "):
        measure(np.arange(4).reshape(2, 2))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "value", "passed"),
    [
        ("count", np.int64(3), 3),
        ("rate", 3, 3.0),
        ("rate", np.float32(0.5), 0.5),
        ("rate", float("inf"), float("inf")),
        ("seeds", range(3), [0, 1, 2]),
        ("seeds", np.arange(2), [0, 1]),
        ("names", {"a"}, ["a"]),
        ("text", ("a", "b"), ["a", "b"]),
        ("text", np.array(["a"]), ["a"]),
        ("place", Path("a"), Path("a")),
        ("settings", {}, {}),
        ("listen", print, print),
        ("anything", object, object),
    ],
)
def test_what_serves_as_a_type_passes_as_that_type(
    name: str, value: object, passed: object
) -> None:
    arguments: dict[str, Any] = {name: value}
    found = measure(Gauge(), **arguments)[name]
    assert found == passed
    assert type(found) is type(passed)


def test_an_empty_path_is_refused_as_it_would_mean_the_current_folder() -> None:
    with pytest.raises(ConfigError, match=r"^place = '': expected a name or a path; \. is the "):
        measure(Gauge(), place="")
    assert measure(Gauge(), text="")["text"] == ""


def test_a_path_of_another_class_becomes_a_path() -> None:
    place: Any = PurePath("a")
    assert measure(Gauge(), place=place)["place"] == Path("a")


def test_a_generator_is_a_list_where_a_list_is_expected() -> None:
    given: Any = (letter for letter in "ab")
    assert read(given) == ["a", "b"]
    wrong: Any = (number for number in (1, 2))
    with pytest.raises(TypeError, match="expected text or a list of texts"):
        read(wrong)


def test_a_generator_is_not_used_up() -> None:
    def texts() -> Iterator[str]:
        yield "a"

    given: Any = texts()
    found = measure(Gauge(), given)["text"]
    assert isinstance(found, Iterable)
    assert list(found) == ["a"]


def test_an_argument_that_is_missing_or_unknown_is_pythons_own_error() -> None:
    with pytest.raises(TypeError, match=r"measure\(\) missing 1 required positional argument"):
        measure()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'nothing'"):
        measure(Gauge(), nothing=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional argument"):
        measure(Gauge(), "a", 3)  # type: ignore[call-arg]


@check_arguments()
def read(texts: str | list[str] | np.ndarray[Any, Any]) -> object:
    """Returns what it got."""
    return texts


def test_without_items_an_array_is_an_array_and_no_list_of_texts() -> None:
    array = np.empty((0, 3))
    masked = np.ma.array(array)
    assert read(array) is array
    assert read(masked) is masked
    assert (read([]), read("")) == ([], "")


@pytest.mark.parametrize("dtype", [str, object])
def test_an_array_of_texts_is_a_list_of_texts(dtype: type) -> None:
    found = read(np.array(["a", "b"], dtype=dtype))
    assert isinstance(found, list)
    assert found == ["a", "b"]
