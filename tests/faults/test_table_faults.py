"""Tables: columns, lines and labels that are wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.faults.conftest import Met
from tests.faults.fault import case, fault

LEFT = "no run"
ROWS = "".join(f"text {number},{'ab'[number % 2]}\n" for number in range(20))
HEADER = "text,label\n"


def train_on(path: Path, out: Path) -> list[object]:
    """Returns the arguments of a short training on a table."""
    sizes = ["--model.hidden-size", 4, "--trainer.epochs", 1]
    where = ["--dataset.path", path, "--out", out]
    return ["train", "gru-embed", "--dataset", "labelled", *sizes, *where]


@pytest.mark.parametrize(
    "text",
    [
        case(
            (
                60,
                "a column that a table lacks",
                "Error: …rows.csv has no column 'text'; it has 'body', 'label': name one with "
                "--dataset.text-column",
                6,
                LEFT,
            ),
            HEADER.replace("text", "body") + ROWS,
        ),
        case(
            (
                60,
                "a table with another separator",
                "Error: …rows.csv has no column 'text'; it has 'text;label': its columns look "
                "separated by ';': --dataset.delimiter ';'",
                6,
                LEFT,
            ),
            (HEADER + ROWS).replace(",", ";"),
        ),
        case(
            (
                60,
                "a quote that is never closed",
                'Error: …rows.csv, line 3: a quote (") is opened here and never closed; write …',
                6,
                LEFT,
            ),
            f'{HEADER}x,a\n"y,b\n{ROWS}',
        ),
        case(
            (
                60,
                "text after a closing quote",
                'Error: …rows.csv, line 2: text after the quote (") that ends a value; write …',
                6,
                LEFT,
            ),
            f'{HEADER}"x" y,a\n{ROWS}',
        ),
        case(
            (
                60,
                "a row with too many fields",
                "Error: …rows.csv, line 2: 3 fields, but the header has 2; put a value …",
                6,
                LEFT,
            ),
            f"{HEADER}x, and y,a\n{ROWS}",
        ),
        case(
            (
                60,
                "a table with a header and no rows",
                "Error: …rows.csv has a header and no rows",
                6,
                LEFT,
            ),
            HEADER,
        ),
        case(
            (
                61,
                "one label alone",
                "Error: …rows.csv: all rows have the label 'a' in the column 'label'; …",
                6,
                LEFT,
            ),
            HEADER + ROWS.replace(",b", ",a"),
        ),
    ],
)
def test_a_table_that_is_wrong_is_refused(zoo: Zoo, met: Met, tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    met(zoo(*train_on(path, tmp_path / "run")))
    assert not (tmp_path / "run").exists()


@fault(
    61,
    "rows without a text or a label",
    says="…rows.csv: 2 rows have no text or no label and will not be used: lines 22, 24",
    code=0,
    left="a checkpoint",
)
def test_incomplete_rows_are_left_out(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(f"{HEADER}{ROWS},a\n\nx,\n", "utf-8")
    met(zoo(*train_on(path, tmp_path / "run")))


@fault(
    60,
    "a table in GB18030",
    says="… is read as gb18030, which it looks like; --dataset.encoding sets another",
    code=0,
    left="a checkpoint",
)
def test_the_encoding_of_a_table_is_told(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    texts = "今天天气很好我们去公园散步,a\n这个电影非常无聊我不喜欢它,b\n"
    path.write_text(HEADER + texts * 40, "gb18030")
    settings = ["--dataset.validation", 0, "--dataset.test", 0]
    met(zoo(*train_on(path, tmp_path / "run"), *settings))


@fault(
    61,
    "words never seen, at predict",
    says="Error: symbols that the vocabulary lacks: ' bird' (1×); … --unknown skip or "
    "'replace=<unk>'; …",
    code=6,
    left="nothing",
)
def test_predict_refuses_unknown_words(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + ROWS, "utf-8")
    words = ["--dataset.tokens", "word"]
    assert zoo(*train_on(path, tmp_path / "run"), *words).code == 0
    met(zoo("predict", tmp_path / "run", "text bird"))
    known = zoo("predict", tmp_path / "run", "text bird", "--unknown", "replace=<unk>")
    assert known.stdout in ("a\n", "b\n")


@fault(
    61,
    "labels never seen, at evaluate",
    says="Error: …new.csv: labels that the model does not know: 'c' (1×: line 22); it knows …",
    code=6,
    left="nothing",
)
def test_evaluate_refuses_unknown_labels(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(HEADER + ROWS, "utf-8")
    assert zoo(*train_on(path, tmp_path / "run")).code == 0
    (tmp_path / "new.csv").write_text(f"{HEADER}{ROWS}text 1,c\n", "utf-8")
    met(zoo("evaluate", tmp_path / "run", "--dataset.path", tmp_path / "new.csv"))
    path.unlink()
    assert zoo("predict", tmp_path / "run", "text 3").stdout in ("a\n", "b\n")


@fault(
    62,
    "predictions into a file that exists",
    says="Error: …out.csv exists already; choose another, or --overwrite",
    code=6,
    left="the file as it was",
)
def test_predict_keeps_a_file_that_exists(zoo: Zoo, met: Met, hello: Path, tmp_path: Path) -> None:
    (tmp_path / "out.csv").write_text("mine")
    met(zoo("predict", hello, "hello", "--to", tmp_path / "out.csv"))
    assert (tmp_path / "out.csv").read_text() == "mine"


SERIES = "time,x\n" + "".join(f"{row},{row % 7}\n" for row in range(60))


@pytest.mark.parametrize(
    "text",
    [
        case(
            (
                63,
                "times that do not increase",
                "Error: …rows.csv, line 62: the time '7' is not after '59'; sort the rows by "
                "time, or name the series of each row with --dataset.id-column",
                6,
                LEFT,
            ),
            SERIES + "7,1\n",
        ),
        case(
            (
                63,
                "a value that is missing",
                "Error: …rows.csv, line 62: a number is missing in the column 'x'; fill it in, …",
                6,
                LEFT,
            ),
            SERIES + "60,\n61,1\n",
        ),
        case(
            (
                63,
                "a series without numbers",
                "Error: …rows.csv: no column of numbers beside the times; name one with …",
                6,
                LEFT,
            ),
            "time,x\n1,high\n2,low\n",
        ),
        case(
            (
                63,
                "a series too short for its windows",
                "Error: …rows.csv: split train has 14 of 20 rows, a window of 12 and a horizon "
                "of 6 needs more; choose a smaller --dataset.window or --dataset.horizon",
                6,
                LEFT,
            ),
            "\n".join(SERIES.splitlines()[:21]),
        ),
    ],
)
def test_a_series_that_is_wrong_is_refused(zoo: Zoo, met: Met, tmp_path: Path, text: str) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(text, "utf-8")
    met(zoo("train", "gru-stacked", "--dataset", "series", *train_on(path, tmp_path / "run")[4:]))
    assert not (tmp_path / "run").exists()


@fault(
    64,
    "a forecast whose table has moved",
    says="Error: cannot read …sales.csv: No such file or directory; name the table to continue "
    "with --file",
    code=6,
    left="the checkpoint as it was",
)
def test_forecast_asks_for_a_table_that_has_moved(zoo: Zoo, met: Met, tmp_path: Path) -> None:
    path = tmp_path / "sales.csv"
    path.write_text(SERIES, "utf-8")
    arguments = train_on(path, tmp_path / "run")[4:]
    assert zoo("train", "gru-stacked", "--dataset", "series", *arguments).code == 0
    path = path.rename(tmp_path / "moved.csv")
    met(zoo("forecast", tmp_path / "run"))
    assert zoo("forecast", tmp_path / "run", "--file", path).code == 0


@fault(
    60,
    "equal texts with other labels, under zoo data check --strict",
    says="Error: labelled: …; train: rows with the same inputs and other labels, …",
    code=6,
    left=LEFT,
)
def test_suspicious_data_is_refused_where_that_is_asked_for(
    zoo: Zoo, met: Met, tmp_path: Path
) -> None:
    path = tmp_path / "rows.csv"
    rows = "".join(f"text {number},a\ntext {number},b\n" for number in range(100))
    path.write_text(HEADER + rows)
    met(zoo("data", "check", "--dataset", "labelled", "--dataset.path", path, "--strict"))
