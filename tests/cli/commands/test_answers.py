"""``zoo predict``, ``zoo generate`` and ``zoo evaluate``."""

from __future__ import annotations

import csv
import io
import json
import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.command import Zoo


def test_predict_answers_each_input_on_a_line(zoo: Zoo, hello: Path) -> None:
    result = zoo("predict", hello, "hello", "hell")
    assert result.stdout.splitlines() == ["ohlol", "ohlo"]


def test_predict_reads_lines_from_stdin(
    zoo: Zoo, hello: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("hello\nhell\n"))
    assert zoo("predict", hello, "-").stdout.splitlines() == ["ohlol", "ohlo"]


def test_an_error_names_the_input_that_was_refused(zoo: Zoo, hello: Path) -> None:
    result = zoo("predict", hello, "hello", "")
    assert (result.code, result.stdout) == (6, "ohlol\n")
    assert "input 2 of 2: an empty input" in result.stderr


def test_predict_reads_lines_from_a_file(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    (tmp_path / "inputs.txt").write_text("hello\n")
    assert zoo("predict", hello, "--file", tmp_path / "inputs.txt").stdout == "ohlol\n"


def test_predict_prints_json(zoo: Zoo, hello: Path) -> None:
    rows = zoo("predict", hello, "hello", "--json").json
    assert rows == [{"input": "hello", "prediction": "ohlol"}]


def test_predict_without_input_is_wrong_usage(zoo: Zoo, hello: Path) -> None:
    assert zoo("predict", hello).code == 2


def test_an_empty_input_is_refused(zoo: Zoo, hello: Path) -> None:
    assert zoo("predict", hello, "").code == 6


def test_unknown_symbols_are_listed_with_counts(zoo: Zoo, hello: Path) -> None:
    result = zoo("predict", hello, "xhexxy")
    assert result.code == 6
    assert "'x' (3×)" in result.stderr
    assert "'y' (1×)" in result.stderr


def test_unknown_symbols_can_be_skipped_or_replaced(zoo: Zoo, hello: Path) -> None:
    assert zoo("predict", hello, "hexllo", "--unknown", "skip").stdout == "ohlol\n"
    assert zoo("predict", hello, "hexlo", "--unknown", "replace=l").stdout == "ohlol\n"
    assert zoo("predict", hello, "hexlo", "--unknown", "guess").code == 6


def test_a_prompt_shorter_than_the_window_is_refused_and_an_empty_one_is_not(
    zoo: Zoo, tmp_path: Path
) -> None:
    (tmp_path / "text.txt").write_text("one two three four five six seven " * 20)
    data = ("--dataset", "text", "--dataset.path", tmp_path / "text.txt", "--dataset.steps", 3)
    cut = ("--dataset.per", "sequence", "--dataset.sampling", "random")
    options = ("--trainer.epochs", 1, "--out", tmp_path / "run")
    assert zoo("train", "char-three", *data, *cut, *options).code == 0
    result = zoo("generate", tmp_path / "run", "--prompt", "o")
    assert (result.code, result.stdout) == (6, "")
    assert "give a longer prompt" in result.stderr
    result = zoo("generate", tmp_path / "run", "--length", 5)  # a text without a line end
    assert (result.code, result.stdout[:3], len(result.stdout)) == (0, " " * 3, 3 + 5 + 1)


def test_generate_prints_the_prompt_and_the_requested_number_of_symbols(
    zoo: Zoo, prose: Path
) -> None:
    result = zoo("generate", prose, "--prompt", "the ", "--length", 30)
    assert result.stdout.startswith("the ")
    assert len(result.stdout) == len("the ") + 30 + len("\n")


def test_greedy_text_is_the_same_for_every_seed(zoo: Zoo, prose: Path) -> None:
    greedy = ["generate", prose, "--prompt", "the", "--temperature", 0, "--length", 20]
    assert zoo(*greedy, "--seed", 1).stdout == zoo(*greedy, "--seed", 2).stdout


def test_sampled_text_repeats_under_a_seed_and_changes_with_it(zoo: Zoo, prose: Path) -> None:
    sampled = ["generate", prose, "--prompt", "the", "--temperature", 2, "--length", 40]
    first = zoo(*sampled, "--seed", 1).stdout
    assert zoo(*sampled, "--seed", 1).stdout == first
    assert zoo(*sampled, "--seed", 2).stdout != first


def test_top_1_is_greedy(zoo: Zoo, prose: Path) -> None:
    start = ["generate", prose, "--prompt", "the", "--length", 20]
    assert zoo(*start, "--top-k", 1).stdout == zoo(*start, "--temperature", 0).stdout


def test_a_long_text_shows_the_precision_of_its_products(zoo: Zoo, prose: Path) -> None:
    sampled = ["generate", prose, "--prompt", "the", "--temperature", 2, "--length", 3000]
    full, half, again = (
        zoo(*sampled, "--precision", precision).stdout for precision in ("fp32", "bf16", "bf16")
    )
    assert full[:20] == half[:20]
    assert full != half == again


def test_generate_refuses_a_model_that_does_not_predict_the_next_symbol(
    zoo: Zoo, hello: Path
) -> None:
    result = zoo("generate", hello)
    assert result.code == 6
    assert "zoo predict" in result.stderr


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (("--temperature", "-1"), 2),
        (("--temperature", "nan"), 2),
        (("--top-k", 0), 2),
        (("--top-p", 0), 2),
    ],
)
def test_invalid_sampling_is_refused(
    zoo: Zoo, prose: Path, bad: tuple[object, ...], code: int
) -> None:
    assert zoo("generate", prose, "--prompt", "the", *bad).code == code


def test_the_data_of_a_relative_path_is_found_from_every_folder(
    zoo: Zoo, fox: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    relative = ["fox.txt" if argument == tmp_path / "fox.txt" else argument for argument in fox]
    assert zoo(*relative, "--out", "prose").code == 0
    monkeypatch.chdir("/")
    assert zoo("evaluate", tmp_path / "prose").code == 0
    assert "skipped" not in zoo("verify", tmp_path / "prose").stdout
    shutil.rmtree(tmp_path / "prose" / "state")
    result = zoo("evaluate", tmp_path / "prose")
    assert result.code == 6
    assert "cannot read fox.txt: No such file or directory; name the file with" in result.stderr
    moved = ("--dataset.path", tmp_path / "fox.txt")
    assert zoo("evaluate", tmp_path / "prose", *moved).code == 0


def test_evaluate_repeats_the_recorded_metrics(zoo: Zoo, prose: Path) -> None:
    recorded = json.loads((prose / "config.json").read_text())["metrics"]
    judged = zoo("evaluate", prose, "--json").json
    assert judged == {split: recorded[split] for split in ("validation", "test")}


def test_evaluate_measures_one_split(zoo: Zoo, prose: Path) -> None:
    assert set(zoo("evaluate", prose, "--split", "train", "--json").json) == {"train"}
    assert zoo("evaluate", prose, "--split", "tran").code == 3


def test_evaluate_measures_other_data(zoo: Zoo, prose: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("the lazy fox " * 100)
    arguments = ["--dataset", "text", "--dataset.path", other, "--split", "train", "--json"]
    assert zoo("evaluate", prose, *arguments).json["train"]["loss"] > 0


def test_evaluate_refuses_data_of_another_kind(zoo: Zoo, hello: Path) -> None:
    result = zoo("evaluate", hello, "--dataset", "prose-or-code", "--unknown", "skip")
    assert result.code == 6
    learnt = "lstm-embed was trained on tokens from 4 symbols, one of 4 labels per step; "
    mismatch = "prose-or-code gives tokens from 4 symbols, one of 2 labels per sequence: "
    assert learnt + mismatch in result.stderr
    assert "zoo train lstm-embed --dataset prose-or-code" in result.stderr


def test_evaluate_proposes_a_training_with_the_settings_of_the_data(
    zoo: Zoo, hello: Path, text_file: Path
) -> None:
    path = text_file.rename(text_file.with_name("a fox.txt"))
    data = ["--dataset", "text", "--dataset.path", path, "--dataset.steps", 8]
    result = zoo("evaluate", hello, *data, "--unknown", "skip")
    assert result.code == 6
    command = shlex.split(result.stderr.rpartition("zoo ")[2])
    settings = ["--dataset", "text", "--dataset.steps", "8", "--dataset.path", str(path)]
    assert command == ["train", "lstm-embed", *settings]
    sizes = ["--trainer.epochs", 1, "--out", hello.parent / "text"]
    assert zoo(*command, *sizes).code == 0


def test_evaluate_does_not_propose_to_train_on_what_the_model_does_not_take(
    zoo: Zoo, hello: Path
) -> None:
    result = zoo("evaluate", hello, "--dataset", "digits")
    assert (result.code, "zoo train" in result.stderr) == (6, False)


def test_evaluate_refuses_labels_of_another_meaning_though_their_shape_fits(
    zoo: Zoo, prose: Path
) -> None:
    result = zoo("evaluate", prose, "--dataset", "hello")
    assert result.code == 6
    given = "the next of 28 symbols per step; hello gives tokens from 28 symbols, one of 28 labels"
    assert given in result.stderr


def test_evaluate_warns_if_the_data_has_changed(zoo: Zoo, prose: Path, text_file: Path) -> None:
    text_file.write_text(text_file.read_text().replace("lazy", "quick"))
    assert "has changed" in zoo("evaluate", prose).stderr


def test_evaluate_is_silent_if_the_user_changed_the_data(zoo: Zoo, hello: Path) -> None:
    result = zoo("evaluate", hello, "--dataset.word", "hell", "--dataset.answer", "ohlo")
    assert (result.code, result.stderr) == (0, "")


@pytest.mark.parametrize("section", ["model", "trainer"])
def test_a_setting_of_a_newer_plugin_names_the_checkpoint_and_the_upgrade(
    zoo: Zoo, hello: Path, section: str
) -> None:
    values = json.loads((hello / "config.json").read_text())
    values["configs"][section]["max_nrm"] = 1
    (hello / "config.json").write_text(json.dumps(values))
    result = zoo("evaluate", hello)
    upgrade = f"zoo plugins install --upgrade {values['plugins'][section]}"
    assert result.code == 6
    assert f"{hello}: {section}.max_nrm: the installed" in result.stderr
    assert upgrade in result.stderr
    assert "did you mean" not in result.stderr


@pytest.fixture
def odd(zoo: Zoo, tmp_path: Path) -> Path:
    """A checkpoint that answers a form feed with a line end."""
    word = ["--dataset.word", "a\fb", "--dataset.answer", "x\ny"]
    assert zoo("train", "lstm-embed", *word, "--out", tmp_path / "odd").code == 0
    return tmp_path / "odd"


def test_predict_prints_one_line_for_each_input(zoo: Zoo, odd: Path, tmp_path: Path) -> None:
    file = tmp_path / "inputs.txt"
    file.write_text("a\fb\n\r\na\fb")
    assert zoo("predict", odd, "--file", file).stdout.split("\n") == [r"x\ny", "", r"x\ny", ""]
    answers = zoo("predict", odd, "--file", file, "--json").json
    assert [answer["prediction"] for answer in answers] == ["x\ny", "", "x\ny"]
    assert [answer["input"] for answer in answers] == ["a\fb", "", "a\fb"]


def test_generate_reads_the_prompt_from_a_file_or_stdin(
    zoo: Zoo, prose: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "prompt.txt"
    file.write_text("the lazy \n")
    expected = zoo("generate", prose, "--prompt", "the lazy ", "--length", 20).stdout
    assert zoo("generate", prose, "--file", file, "--length", 20).stdout == expected
    monkeypatch.setattr("sys.stdin", io.StringIO("the lazy \n"))
    assert zoo("generate", prose, "--file", "-", "--length", 20).stdout == expected
    assert zoo("generate", prose, "--file", file, "--prompt", "the").code == 2


def test_evaluate_judges_a_text_that_is_shorter_than_a_window(
    zoo: Zoo, prose: Path, tmp_path: Path
) -> None:
    path = tmp_path / "short.txt"
    path.write_text("quick")
    evaluate = ["evaluate", prose, "--dataset", "text", "--dataset.path", path]
    held_out = zoo(*evaluate)
    assert held_out.code == 6
    assert "--dataset.validation 0" in held_out.stderr
    result = zoo(*evaluate, "--dataset.validation", 0, "--dataset.test", 0)
    assert (result.code, result.stdout.split()[0]) == (0, "train:")


def test_an_empty_text_is_called_empty(zoo: Zoo, prose: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.txt").touch()
    result = zoo("evaluate", prose, "--dataset", "text", "--dataset.path", tmp_path / "empty.txt")
    assert (result.code, "the text is empty" in result.stderr) == (6, True)


def test_predict_writes_labels_and_probabilities_as_csv(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    (tmp_path / "inputs.txt").write_text("hello\n\nhell\nhello\n")
    arguments = ["predict", hello, "--file", tmp_path / "inputs.txt", "--to", tmp_path / "out.csv"]
    result = zoo(*arguments)
    assert (result.code, result.stdout) == (0, "")
    assert "4 predictions written to" in result.stderr
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == ["hello", "", "hell", "hello"]
    assert [row["label"] for row in rows] == ["ohlol", "", "ohlo", "ohlol"]
    assert rows[1]["probability"] == ""
    assert 0.9 < float(rows[0]["probability"]) == float(rows[3]["probability"]) <= 1
    assert zoo(*arguments).code == 6
    assert zoo(*arguments, "--overwrite", "--json").json["rows"] == 4


def test_one_prediction_is_written_in_the_singular(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    result = zoo("predict", hello, "hello", "--to", tmp_path / "one.csv")
    assert result.stderr == f"1 prediction written to {tmp_path / 'one.csv'}\n"


def test_predict_refuses_a_target_before_it_works(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    assert zoo("predict", hello, "hello", "--to", tmp_path / "out.txt").code == 2
    assert zoo("predict", hello, "hello", "--overwrite").code == 2
    assert zoo("predict", hello, "hello", "--to", tmp_path / "none" / "out.csv").code == 6
    result = zoo("predict", hello, "hello", "xyz", "--to", tmp_path / "out.csv")
    assert result.code == 6
    assert "input 2 of 2: symbols that the vocabulary lacks" in result.stderr
    assert not list(tmp_path.glob("*.csv"))


def test_each_of_several_texts_is_what_its_prompt_and_seed_give_alone(
    zoo: Zoo, prose: Path, tmp_path: Path
) -> None:
    options = (prose, "--length", 12)
    prompts = ("--prompt", "e", "--prompt", "the")
    rows = zoo("generate", *options, *prompts, "--batch", 2, "--seed", 5, "--json").json
    assert [(row["prompt"], row["seed"]) for row in rows] == [
        ("e", 5),
        ("e", 6),
        ("the", 5),
        ("the", 6),
    ]
    for row in rows[:3:2]:
        alone = ("--prompt", row["prompt"], "--seed", row["seed"])
        assert zoo("generate", *options, *alone, "--json").json["text"] == row["text"]
        assert zoo("generate", *options, *alone).stdout == f"{row['prompt']}{row['text']}\n"
    (tmp_path / "prompts.txt").write_text("e\nthe\n")
    lines = ("--file", tmp_path / "prompts.txt", "--lines", "--seed", 5)
    assert zoo("generate", *options, *lines, "--json").json == rows[::2]
    printed = zoo("generate", *options, *lines).stdout
    assert printed == "".join(
        f"==> {number} of 2, seed 5 <==\n{row['prompt']}{row['text']}\n"
        for number, row in enumerate(rows[::2], 1)
    )


def test_one_text_of_a_batch_is_a_list_of_one(zoo: Zoo, prose: Path) -> None:
    (row,) = zoo("generate", prose, "--batch", 1, "--length", 3, "--json").json
    alone = zoo("generate", prose, "--length", 3, "--json").json
    assert row == {"prompt": alone["prompt"], "seed": 0, "text": alone["text"]}


def test_several_texts_are_refused_where_they_cannot_be_held(zoo: Zoo, hello: Path) -> None:
    result = zoo("generate", hello, "--batch", 2, "--length", 10**8)
    assert (result.code, result.stdout) == (2, "")
    assert "several texts are held in memory: --length <= 50000000" in result.stderr
    assert zoo("generate", hello, "--lines").code == 2
    assert zoo("generate", hello, "--batch", 0).code == 2


def test_int8_states_the_metrics_in_fp32_and_the_difference(zoo: Zoo, prose: Path) -> None:
    judged = zoo("evaluate", prose, "--precision", "int8", "--json").json
    full = zoo("evaluate", prose, "--json").json
    for name, metrics in judged.items():
        assert metrics["fp32"] == full[name]
        loss = metrics["loss"] - metrics["fp32"]["loss"]
        assert metrics["difference"]["loss"] == loss
        assert 0 < abs(loss) < 0.01
    lines = zoo("evaluate", prose, "--precision", "int8").stdout.splitlines()
    starts = [line.split(": ")[0] for line in lines]
    assert starts == [
        f"{name}{part}" for name in judged for part in (", int8", ", fp32", ", int8 − fp32")
    ]


def test_training_in_8_bits_is_refused_in_one_line(zoo: Zoo) -> None:
    result = zoo("train", "lstm-embed", "--precision", "int8")
    assert (result.code, result.stdout) == (2, "")
    assert "no model is trained in 8 bits; train in fp32 or bf16" in result.stderr.splitlines()[-1]
