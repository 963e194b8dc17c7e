"""Data from Python: what it may be, and what is said of a row that it may not have."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch

from zoo_core import Classes, Values
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.python_data import as_tensor, memory_rows


class Frame:
    """Columns by name, as a DataFrame has them."""

    def __init__(self, **columns: list[Any]) -> None:
        self.columns = list(columns)
        self._columns = columns

    def __getitem__(self, name: str) -> list[Any]:
        return self._columns[name]


class Pairs:
    """A map-style dataset of features of different lengths and their classes."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return torch.full((index + 1, 2), float(index)), index % 3


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        ([("no", "x"), ("on", "y")], {}),
        ((["no", "on"], ["x", "y"]), {}),
        (Frame(id=[1, 2], body=["no", "on"], kind=["x", "y"]), {"text": "body", "label": "kind"}),
    ],
    ids=["pairs", "two lists", "frame"],
)
def test_texts_with_labels_are_classified(data: Any, columns: dict[str, str]) -> None:
    rows = memory_rows(
        data, text_column=columns.get("text", ""), label_column=columns.get("label", "")
    )
    signature = rows.signature()
    assert signature.outputs == Classes(2, per="sequence", names=("x", "y"))
    inputs, targets = rows.encoded(signature)
    assert [row.tolist() for row in inputs] == [[0, 1], [1, 0]]
    assert [int(target) for target in targets] == [0, 1]


@pytest.mark.parametrize("error", [KeyError("label"), IndexError("label"), TypeError("label")])
def test_an_error_of_a_torch_dataset_is_named_with_the_row(error: Exception) -> None:
    class Faulty:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> tuple[str, str]:
            if index == 1:
                raise error
            return "no", "x"

    message = rf"^row 1 of the data cannot be read: {type(error).__name__}: '?label'?$"
    with pytest.raises(DataError, match=message) as caught:
        memory_rows(Faulty())
    assert caught.value.__cause__ is error


def test_a_torch_dataset_may_have_rows_of_different_lengths() -> None:
    rows = memory_rows(Pairs())
    assert rows.signature().outputs == Classes(3)
    assert [len(row) for row in rows.inputs] == [1, 2, 3, 4]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "no data: expected a list of texts"),
        (["a"], "no data: there is no text of two symbols"),
        (([], []), "no data: there is no row"),
        ([1, 2], "^row 0 of the data is 1: expected a list of texts"),
        (["ab", "cd", None], "^row 2 of the data is no text, as row 0 is: None; leave it out"),
        ([("ab", "x"), ("cd",)], r"^row 1 of the data is \('cd',\): expected a list of texts"),
        (7, "data of the type int: expected"),
        ({"a": 1}, "data of the type dict: expected"),
        ([("ab", "x"), ("ab", 1)], "targets of different kinds"),
        ([("ab", "x"), ("cd", "x")], "all rows have the label 'x'"),
        (
            [("ab", "x"), (torch.ones(2, 2), "y")],
            "inputs of different kinds: features of 2 and text",
        ),
        ([("ab", object()), ("cd", 1)], "row 0 of the data: .* is no text, number or array"),
        ([("ab", 1), ("cd", [[1], [2, 3]])], "row 1 of the data: .* is no text, number or array"),
        ([("ab", 1 + 2j), ("cd", 1)], "is no text, number or array"),
        ([("ab", torch.tensor(2j)), ("cd", 1)], "row 0 of the data: a tensor of torch.complex64"),
        (
            [(np.ones((2, 1)), 1), np.ones((2, 1))],
            r"^row 1 of the data is array\(\[\[1\.\], \[1\.\]\]\): expected",
        ),
        ([("ab", "x"), ("", "y")], "^row 1 of the data is empty$"),
        (([np.ones((2, 1)), np.ones((0, 1))], [0, 1]), "^row 1 of the data is empty$"),
        ((np.ones((2, 3, 1)), [0, 1], [0, 1]), "^row 0 of the data is array.*: expected a list"),
        ((np.ones((2, 3, 0)), [0, 1]), r"row 0 of the data is a row of shape \(3, 0\): expected"),
        (
            (np.ones((2, 3, 1)), np.array([[0, 1, 1], [-100, -100, -100]])),
            "row 1 of the data: no target counts, all are -100; leave the row out",
        ),
        ([("ab", "x"), ("cd", None)], "row 1 of the data has no label: None; give it one, or"),
        ([("ab", 1), ("cd", -1)], "row 1 of the data has the class -1: expected .* such as '-1'"),
        ([([0, 1], 1), ([0, -1], 0)], "row 1 of the data has the token -1: expected integers"),
        ([("ab", 1), ("cd", 0.5)], "row 0 has 1, row 1 has 0.5"),
        ([("ab", "x"), ("cd", 0)], "row 0 has the text 'x', row 1 has 0"),
        (
            (np.ones((2, 3, 1)), [np.ones(2), np.ones(4)]),
            r"row 0 has numbers of shape \(2,\), row 1 has numbers of shape \(4,\)",
        ),
        (
            (np.ones((2, 3, 1)), np.ones((2, 1), dtype=np.int64)),
            r"row 0 of the data has 3 steps and targets of shape \(1,\): expected one integer, or",
        ),
        (
            (np.ones((2, 3, 1)), np.ones((2, 3, 1), dtype=np.int64)),
            r"targets of shape \(3, 1\): expected one integer, or \(T,\) for T = 3 steps",
        ),
        (
            (np.ones((2, 3, 1)), np.ones((2, 4, 1))),
            r"targets of shape \(4, 1\): expected \(N,\), or \(T, N\) for T = 3 steps",
        ),
        ((np.ones((2, 3, 1)), np.ones((2, 3, 1, 1))), r"targets of shape \(3, 1, 1\): expected"),
        ((np.ones((2, 3, 1)), [1.0, np.inf]), "row 1 of the data: a target is infinite"),
        ((np.ones((2, 3, 1)), [1.0, 1e300]), "row 1 of the data: a target is infinite"),
        ((np.ones((2, 3, 1)), [1.0, np.nan]), "row 1 of the data has no label: nan; give it one"),
        (
            (np.ones((1, 3, 1)), np.full((1, 3, 1), np.nan)),
            "row 0 of the data: no target is a number; leave the row out",
        ),
        (["ab", "c\ud800"], r"row 1 of the data has '\\ud800', half of a character"),
        ([("ab", "x"), ("cd", "\udfff")], r"row 1 of the data has '\\udfff', half of a character"),
        ((np.ones((2, 3, 4)), [1]), "2 inputs and 1 targets: expected as many"),
        ((np.ones((2, 3)), [0, 1]), r"a row of shape \(3,\): expected features \(T, F\)"),
        ((np.full((2, 3, 1), np.nan), [0, 1]), "row 0 of the data: an input is infinite"),
        (Frame(body=["a"]), "text_column = '': the data has no such column; it has body"),
    ],
)
def test_other_data_is_refused(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        memory_rows(data).signature()


@pytest.mark.parametrize(
    ("data", "inputs", "targets"),
    [
        (("ab", "cd"), ["ab", "cd"], None),
        ((("ab", "x"), ("cd", "y")), ["ab", "cd"], ["x", "y"]),
        ((["ab", "cd"], ["x", "y"]), ["ab", "cd"], ["x", "y"]),
    ],
    ids=["texts", "pairs", "inputs and targets"],
)
def test_a_tuple_of_two_is_read_by_what_is_in_it(data: Any, inputs: Any, targets: Any) -> None:
    rows = memory_rows(data)
    assert (rows.inputs, rows.targets) == (inputs, targets)


MASK = [[False] * 3, [False, True, False]]


@pytest.mark.parametrize(
    "data",
    [
        (np.ma.masked_array(np.ones((2, 3)), MASK)[:, :, None], [0, 1]),
        (np.ma.masked_array(np.ones((2, 3), int), MASK), [0, 1]),
        (np.ones((2, 3, 1)), np.ma.masked_array(np.ones((2, 3), int), MASK)),
    ],
    ids=["features", "tokens", "targets"],
)
def test_a_row_with_masked_numbers_is_named(data: Any) -> None:
    with pytest.raises(DataError, match="row 1 of the data: some numbers are masked; fill them"):
        memory_rows(data)


def test_a_masked_label_is_missing_and_a_mask_of_nothing_does_not_count() -> None:
    labels = np.ma.masked_array([0, 1], [False, True])
    with pytest.raises(DataError, match="row 1 of the data has no label: masked; give it one"):
        memory_rows((["ab", "cd"], labels))
    rows = memory_rows((["ab", "cd"], np.ma.masked_array([0, 1], mask=False)))
    assert rows.signature().outputs == Classes(2)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors", "ignore:torch.quantize")
def test_a_tensor_that_is_not_dense_is_refused() -> None:
    dense = torch.eye(3, 2)
    for tensor in (
        dense.to_sparse(),
        dense.to("meta"),
        torch.quantize_per_tensor(dense, 0.1, 0, torch.qint8),
        torch.nested.nested_tensor([dense, dense[:2]]),
        dense * 1j,
    ):
        with pytest.raises(
            DataError, match=r"^a tensor of torch\.\w+ and torch\.\w+ on \w+: expec"
        ):
            as_tensor(tensor)


@pytest.mark.parametrize(
    "dtype", ["bool", "uint8", "int8", "int32", "uint16", "uint32", "uint64", "bfloat16", "half"]
)
def test_tensors_become_what_arrays_of_their_kind_do(dtype: str) -> None:
    tensor = torch.tensor([0, 1]).to(getattr(torch, dtype))
    found = as_tensor(tensor)
    if not tensor.is_floating_point():
        assert found.dtype == (torch.bool if dtype == "bool" else torch.int64)
    assert found.float().tolist() == [0.0, 1.0]


@pytest.mark.parametrize("dtype", [object, str, complex, "M8[s]"])
def test_an_array_of_no_real_numbers_says_what_it_is_of(dtype: Any) -> None:
    array = np.zeros((2, 3)).astype(dtype)
    with pytest.raises(DataError, match=f"^an array of {re.escape(str(array.dtype))}: expected"):
        as_tensor(array)


def test_an_integer_beyond_64_bits_is_not_taken_for_a_negative_one() -> None:
    array = np.array([[0, 2**63]], dtype=np.uint64)
    with pytest.raises(DataError, match=r"the integer 9223372036854775808 is too large: expected"):
        memory_rows((array, [0]))
    assert as_tensor(array[:, :1]).tolist() == [[0]]


def test_a_text_of_numpy_is_one_of_python() -> None:
    rows = memory_rows([(np.str_("ab"), np.str_("x")), ("cd", "y")])
    assert {type(text) for text in [*rows.inputs, *rows.signature().outputs.names]} == {str}


@pytest.mark.parametrize("missing", [float("nan"), None, ""])
def test_a_row_without_a_text_is_named(missing: Any) -> None:
    frame = Frame(body=["a", missing])
    with pytest.raises(DataError, match="row 1 of the data has no text in the column 'body'"):
        memory_rows(frame, text_column="body")


class Missing:
    """A value that is neither equal to another nor not, as the missing value of pandas is."""

    def __ne__(self, other: object) -> Any:
        return self

    def __bool__(self) -> bool:
        raise TypeError("boolean value of a missing value is ambiguous")

    __hash__ = None  # type: ignore[assignment]


@pytest.mark.parametrize("missing", [float("nan"), None, Missing()])
@pytest.mark.parametrize("known", ["a", 1.0, True])
def test_a_row_without_a_label_is_named(known: object, missing: object) -> None:
    frame = Frame(body=["no", "on"], kind=[known, missing])
    with pytest.raises(DataError, match=r"row 1 of the data has no label: .*; give it one, or"):
        memory_rows(frame, text_column="body", label_column="kind")


class Column:
    """A column of a DataFrame, whose items are found by its index and by their position."""

    def __init__(self, index: list[int], values: list[str]) -> None:
        self._index, self.iloc = index, values

    def __len__(self) -> int:
        return len(self.iloc)

    def __getitem__(self, label: int) -> str:
        return dict(zip(self._index, self.iloc, strict=True))[label]


@pytest.mark.parametrize("index", [[2, 0, 1], [7, 8, 9]])
def test_columns_are_taken_by_position_whatever_their_index(index: list[int]) -> None:
    texts, labels = ["ab", "cd", "ef"], ["x", "y", "z"]
    for data in [
        (Column(index, texts), Column(index, labels)),
        (Column(index, texts), np.array(labels)),
        (texts, Column(index, labels)),
    ]:
        rows = memory_rows(data)
        assert (rows.inputs, rows.targets) == (texts, labels)
    assert memory_rows(Column(index, texts)).inputs == texts


def test_a_column_may_have_a_number_as_its_name_and_only_one_column_it() -> None:
    frame = Frame()
    frame.columns = [0, 1]  # type: ignore[list-item]
    frame._columns = {0: ["ab", "cd"], 1: ["x", "y"]}  # type: ignore[dict-item]
    rows = memory_rows(frame, text_column="0", label_column="1")
    assert (rows.inputs, rows.targets) == (["ab", "cd"], ["x", "y"])
    frame.columns = ["body", "body"]
    with pytest.raises(DataError, match="text_column = 'body': the data has 2 columns of this"):
        memory_rows(frame, text_column="body")


def test_texts_of_one_symbol_are_left_out_of_every_kind_of_data() -> None:
    frame = Frame(body=["ab", "c"])
    assert (
        memory_rows(frame, text_column="body").inputs == memory_rows(["ab", "c"]).inputs == ["ab"]
    )


def test_a_frame_is_no_array() -> None:
    with pytest.raises(DataError, match="data of the type Frame: expected"):
        memory_rows((Frame(a=[1.0], b=[2.0]), [1]))


@pytest.mark.full
def test_pandas_has_columns_and_missing_values_as_the_tests_above() -> None:
    import pandas as pd

    frame = pd.DataFrame({"body": ["ab", "cd", "ef"], "kind": [1, 0, 1]}, index=[2, 0, 1])
    for data in [(frame["body"], frame["kind"].to_numpy()), (frame["body"], frame["kind"])]:
        rows = memory_rows(data)
        assert (rows.inputs, rows.fingerprint) == (
            ["ab", "cd", "ef"],
            memory_rows((["ab", "cd", "ef"], [1, 0, 1])).fingerprint,
        )
    assert memory_rows(frame["body"][1:]).inputs == ["cd", "ef"]
    for missing in (None, float("nan"), pd.NA, pd.NaT):
        for known in ("a", 1, 1.5, True):
            frame = pd.DataFrame({"body": ["no", "on"], "kind": [known, missing]})
            with pytest.raises(DataError, match="row 1 of the data has no label"):
                memory_rows(frame, text_column="body", label_column="kind")
    numbers = pd.DataFrame([["ab", "x"], ["cd", "y"]])
    assert memory_rows(numbers, text_column="0", label_column="1").targets == ["x", "y"]


@pytest.mark.parametrize("truth", [True, np.True_, torch.tensor(True)])
def test_truth_values_are_labels(truth: Any) -> None:
    rows = memory_rows([("ab", truth), ("cd", False)])
    assert rows.targets == ["True", "False"]


@pytest.mark.parametrize(
    "dtype", ["<f4", ">f4", "f2", "f8", "g", "i1", "u1", ">i2", "u2", "u4", "i8", "u8", "?"]
)
def test_arrays_of_every_dtype_and_layout_have_the_same_rows(dtype: str) -> None:
    numbers = np.array([[[0], [1]], [[1], [0]]], dtype=dtype)[:, ::-1]
    numbers.flags.writeable = False
    rows = memory_rows((numbers, np.array([0, 1], dtype=dtype)[::-1]))
    inputs, _ = rows.encoded(rows.signature())
    assert [row.tolist() for row in inputs] == [[[1.0], [0.0]], [[0.0], [1.0]]]
    assert {row.dtype for row in inputs} == {torch.float32}
    expected = {"f": Values(1), "b": Classes(2, names=("False", "True"))}
    outputs = rows.signature().outputs
    assert outputs == expected.get(np.dtype(dtype).kind, Classes(2))


def test_tensors_of_a_graph_are_taken_without_it() -> None:
    weights = torch.ones(2, 3, 1, requires_grad=True)
    rows = memory_rows((weights * 2, (weights * 3)[:, 0]))
    assert rows.fingerprint
    assert not any(row.requires_grad for row in [*rows.inputs, *(rows.targets or [])])


def test_what_does_not_count_is_kept() -> None:
    steps = memory_rows((np.ones((2, 3, 1)), np.array([[0, -100, 1], [0, 0, 1]])))
    assert steps.signature().outputs == Classes(2, per="step")
    assert steps.targets is not None
    assert steps.targets[0].tolist() == [0, -100, 1]
    values = memory_rows((np.ones((1, 3, 1)), [[1.0, np.nan]]))
    assert values.targets is not None
    assert values.targets[0].isnan().tolist() == [False, True]
