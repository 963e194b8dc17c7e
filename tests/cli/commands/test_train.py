"""``zoo train``."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path

import pytest
from safetensors import safe_open

from tests.cli.command import Zoo
from zoo_cli.terminal import run_view
from zoo_core.errors import DataError

FILES = {
    "README.md",
    "config.json",
    "curve.png",
    "history.jsonl",
    "steps.jsonl",
    "model.safetensors",
    "state",
    "timings.jsonl",
}


def test_lstm_embed_learns_ohlol_and_writes_every_file(zoo: Zoo, tmp_path: Path) -> None:
    result = zoo("train", "lstm-embed", "--out", tmp_path / "run")
    assert result.code == 0
    assert "hello → ohlol" in result.stdout
    assert {path.name for path in (tmp_path / "run").iterdir()} == FILES


def test_json_is_one_object_with_the_promised_keys(zoo: Zoo, tmp_path: Path) -> None:
    facts = zoo("train", "gru-embed", "--json", "--out", tmp_path / "run").json
    assert Path(facts["checkpoint"]) == tmp_path / "run"
    assert facts["recipe"] == "gru-embed.hello"
    assert facts["metrics"]["train"]["accuracy"] == 1.0
    assert facts["tokens"] == facts["epochs"] * 5
    assert facts["tokens_per_second"] > 0
    assert facts["backend"] in ("native", "portable")
    assert facts["seed"] == 0


def test_runs_are_saved_in_the_home_folder_by_default(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    folder = Path(zoo("train", "rnn-cell", "--json").json["checkpoint"])
    assert folder.parent == tmp_path / "runs"
    assert folder.name.startswith("rnn-cell.hello-")


def test_a_tilde_that_the_shell_kept_is_the_home_folder(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    facts = zoo("train", "rnn-cell", "--json", "--out=~/run").json
    assert Path(facts["checkpoint"]) == tmp_path / "run"


def test_an_empty_path_is_no_folder(zoo: Zoo) -> None:
    result = zoo("train", "rnn-cell", "--out", "")
    assert result.code == 2
    assert "an empty path" in result.stderr


@pytest.mark.parametrize("process_count", [1, 2])
def test_an_existing_checkpoint_is_never_overwritten(
    zoo: Zoo, hello: Path, process_count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("zoo_core.runtime.distributed.launch.launch")  # no process is started
    before = (hello / "config.json").read_bytes()
    result = zoo("train", "lstm-embed", "--seed", 7, "--nproc", process_count, "--out", hello)
    assert result.code == 6
    assert "--overwrite" in result.stderr
    assert (hello / "config.json").read_bytes() == before


def test_a_wrong_timeout_is_refused_before_any_process_starts(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PEER_TIMEOUT", "soon")
    monkeypatch.setitem(sys.modules, "torch.distributed.launcher.api", None)  # none can be started
    result = zoo("train", "lstm-embed", "--nproc", 2, "--out", tmp_path / "run")
    message = "ZOO_PEER_TIMEOUT = 'soon': expected a number of seconds above 0"
    assert (result.code, result.stderr) == (6, f"Error: {message}\n")
    assert not (tmp_path / "run").exists()


def test_overwrite_replaces_it_and_leaves_other_files(zoo: Zoo, hello: Path) -> None:
    (hello / "mine.txt").write_text("mine")
    assert zoo("train", "rnn-cell", "--out", hello, "--overwrite").code == 0
    assert json.loads((hello / "config.json").read_text())["model"] == "rnn-cell"
    assert (hello / "mine.txt").read_text() == "mine"


def test_a_target_that_is_a_file_is_refused(zoo: Zoo, text_file: Path) -> None:
    assert zoo("train", "lstm-embed", "--out", text_file).code == 6


def test_printed_config_trains_the_same(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    printed = zoo("train", "lstm-embed", "--print-config").stdout
    config = tmp_path / "run.toml"
    config.write_text(printed)
    assert tomllib.loads(printed)["trainer"]["name"] == "zoo-train:supervised"
    assert zoo("train", "lstm-embed", "--config", config, "--out", tmp_path / "again").code == 0
    again = (tmp_path / "again" / "model.safetensors").read_bytes()
    assert again == (hello / "model.safetensors").read_bytes()


def test_a_recipe_that_is_typed_keeps_its_settings_on_other_data(zoo: Zoo, text_file: Path) -> None:
    text = ["--dataset", "text", "--dataset.path", text_file, "--print-config"]
    result = zoo("train", "gru-embed.python-docs", *text)
    tables = tomllib.loads(result.stdout)
    assert (tables["model"]["hidden_size"], tables["trainer"]["learning_rate"]) == (256, 0.008)
    assert tables["trainer"]["schedule"] == "OneCycleLR"
    assert tables["dataset"]["name"] == "zoo-text:text"
    assert result.stderr == ""


def test_a_trainer_of_the_recipe_that_does_not_fit_the_data_is_refused_with_the_flag(
    zoo: Zoo, tmp_path: Path
) -> None:
    run = ["train", "gru-embed.python-docs", "--dataset", "hello", "--out", tmp_path / "run"]
    result = zoo(*run, "--trainer.schedule", "none")
    assert result.code == 6
    assert "--trainer supervised" in result.stderr
    assert result.stderr.count("\n") == 1


def test_a_model_alone_on_other_data_says_that_it_takes_defaults(
    zoo: Zoo, fox: list[object], tmp_path: Path
) -> None:
    result = zoo(*fox, "--out", tmp_path / "run")
    assert (
        "gru-embed on text takes default settings and the trainer next-token; the recipe "
        "gru-embed.python-docs has tuned ones\n"
    ) in result.stderr


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("[model]\nhiden_size = 4\n", "hidden_size"),
        ("[model]\nhidden_size = 'wide'\n", "wide"),
        ("[modle]\nhidden_size = 4\n", "model"),
        ("hidden_size = [", "TOML"),
    ],
)
def test_a_bad_file_is_refused_with_key_and_remedy(
    zoo: Zoo, tmp_path: Path, text: str, word: str
) -> None:
    config = tmp_path / "run.toml"
    config.write_text(text)
    result = zoo("train", "lstm-embed", "--config", config)
    assert result.code == 6
    assert word in result.stderr


def test_a_language_model_learns_and_shows_a_sample(zoo: Zoo, prose: Path) -> None:
    metrics = json.loads((prose / "config.json").read_text())["metrics"]
    assert set(metrics) == {"train", "validation", "test"}
    assert set(metrics["validation"]) == {
        "loss",
        "perplexity",
        "bits_per_character",
        "bits_per_byte",
        "accuracy",
    }


def test_a_failing_closing_sample_does_not_fail_the_run(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise DataError("the input is too short")

    monkeypatch.setattr(run_view, "predict", refuse)
    result = zoo("train", "lstm-embed", "--trainer.epochs", 1, "--out", tmp_path / "x")
    assert (result.code, "→" in result.stdout) == (0, False)
    assert f"next: zoo evaluate {tmp_path / 'x'}" in result.stderr


def test_from_starts_from_other_weights(
    zoo: Zoo, prose: Path, fox: list[object], tmp_path: Path
) -> None:
    # the file's own text would give other symbols: the checkpoint's vocabulary wins
    result = zoo(*fox, "--from", prose, "--out", tmp_path / "more", "--json")
    assert result.code == 0
    first = json.loads((prose / "history.jsonl").read_text().splitlines()[0])
    more = json.loads((tmp_path / "more" / "history.jsonl").read_text().splitlines()[0])
    assert more["metrics"]["train"]["loss"] < first["metrics"]["train"]["loss"]


def test_from_takes_the_settings_of_the_model(
    zoo: Zoo, prose: Path, text_file: Path, tmp_path: Path
) -> None:
    data = ["--dataset", "text", "--dataset.path", text_file, "--dataset.steps", 8]
    batch = ["--trainer.batch-size", 4, "--trainer.epochs", 1, "--out", tmp_path / "more"]
    assert zoo("train", "gru-embed", *data, *batch, "--from", prose).code == 0
    with safe_open(tmp_path / "more" / "model.safetensors", "pt") as file:
        assert file.get_slice("recurrent.weight_hh_l0").get_shape() == [36, 12]
        assert file.metadata() == {"format": "pt"}


def test_from_starts_from_the_whole_run_config(
    zoo: Zoo, prose: Path, text_file: Path, tmp_path: Path
) -> None:
    before = json.loads((prose / "config.json").read_text())
    result = zoo("train", "gru-embed", "--from", prose, "--out", tmp_path / "more")
    assert (result.code, "changed from" in result.stderr) == (0, False)
    after = json.loads((tmp_path / "more" / "config.json").read_text())
    for key in ("dataset", "trainer", "configs", "signature", "seed", "precision"):
        assert after[key] == before[key]


def test_what_changes_from_the_checkpoint_is_printed_in_one_line(
    zoo: Zoo, prose: Path, tmp_path: Path
) -> None:
    flags = ["--trainer.epochs", 3, "--seed", 4, "--precision", "bf16", "--print-config"]
    result = zoo("train", "gru-embed", "--from", prose, *flags)
    assert result.stderr == (
        f"changed from {prose}: trainer.epochs = 3 (was 2); seed = 4 (was 0); "
        "precision = bf16 (was fp32)\n"
    )
    assert tomllib.loads(result.stdout)["dataset"]["steps"] == 16


@pytest.fixture
def new_symbols(tmp_path: Path) -> Path:
    """A text with symbols that the vocabulary of ``prose`` lacks."""
    path = tmp_path / "new.txt"
    path.write_text("the quick brown é fox jumps over 3 lazy dogs\n" * 60)
    return path


def test_new_symbols_are_refused_with_both_options(
    zoo: Zoo, prose: Path, new_symbols: Path, tmp_path: Path
) -> None:
    more = ["train", "gru-embed", "--from", prose, "--dataset.path", new_symbols]
    result = zoo(*more, "--out", tmp_path / "more")
    assert result.code == 6
    assert "'é' (60×)" in result.stderr
    assert "use --unknown skip or replace=C" in result.stderr
    assert "--extend-vocabulary" in result.stderr


def test_new_symbols_can_be_skipped_in_training_evaluation_and_further_training(
    zoo: Zoo, prose: Path, new_symbols: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "more"
    more = ["train", "gru-embed", "--dataset.path", new_symbols, "--trainer.epochs", 1]
    assert zoo(*more, "--from", prose, "--unknown", "skip", "--out", folder).code == 0
    manifest = json.loads((folder / "config.json").read_text())
    assert manifest["unknown"] == "skip"
    assert "é" not in manifest["signature"]["vocabulary"]
    assert zoo("evaluate", folder, "--json").json["test"] == manifest["metrics"]["test"]
    assert zoo("evaluate", folder, "--unknown", "error").code == 6
    assert zoo("resume", folder, "--epochs", 2).code == 0
    assert zoo(*more, "--from", folder, "--out", tmp_path / "again").code == 0


def test_an_extended_vocabulary_keeps_the_old_symbols_and_learns_the_new(
    zoo: Zoo, prose: Path, new_symbols: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "more"
    more = ["train", "gru-embed", "--from", prose, "--dataset.path", new_symbols]
    result = zoo(*more, "--extend-vocabulary", "--trainer.epochs", 1, "--out", folder)
    assert result.code == 0
    assert f"2 symbols are new to the vocabulary of {prose}: '3', 'é'" in result.stderr
    vocabularies = [
        json.loads((path / "config.json").read_text())["signature"]["vocabulary"]
        for path in (prose, folder)
    ]
    assert vocabularies[1] == [*vocabularies[0], "3", "é"]
    assert zoo("generate", folder, "--prompt", "é fox", "--length", 3).code == 0
    assert zoo("resume", folder, "--epochs", 2).code == 0


@pytest.mark.parametrize("flags", [["--unknown", "skip"], ["--extend-vocabulary"]])
def test_options_about_new_symbols_need_a_checkpoint(zoo: Zoo, flags: list[str]) -> None:
    result = zoo("train", "lstm-embed", *flags)
    assert result.code == 2
    assert f"{flags[0]} needs --from" in result.stderr


def test_an_extended_vocabulary_leaves_no_unknown_symbols(zoo: Zoo, hello: Path) -> None:
    options = ["--extend-vocabulary", "--unknown", "skip"]
    result = zoo("train", "lstm-embed", "--from", hello, *options)
    assert (result.code, "drop --unknown" in result.stderr) == (2, True)


def test_from_with_other_sizes_is_refused_with_the_remedy(
    zoo: Zoo, hello: Path, tmp_path: Path
) -> None:
    out = ["--out", tmp_path / "more"]
    result = zoo("train", "lstm-embed", "--from", hello, "--model.hidden-size", 3, *out)
    assert result.code == 6
    assert "leave the settings of the model as they are there" in result.stderr
    assert not (tmp_path / "more").exists()


def test_from_another_model_is_refused(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    result = zoo("train", "gru-embed", "--from", hello, "--out", tmp_path / "more")
    assert result.code == 6
    assert "lstm-embed" in result.stderr


def test_divergence_exits_8_and_keeps_the_last_good_state(
    zoo: Zoo, fox: list[object], tmp_path: Path
) -> None:
    wild = ["--trainer.optimizer", "SGD", "--trainer.learning-rate", "1e38"]
    result = zoo(*fox, *wild, "--trainer.clip-norm", "none", "--out", tmp_path / "wild")
    assert result.code == 8
    assert "step" in result.stderr
    assert "learning-rate" in result.stderr
    assert zoo("predict", tmp_path / "wild", "the").code == 0


def test_a_budget_stops_a_run_and_leaves_a_checkpoint(
    zoo: Zoo, fox: list[object], tmp_path: Path
) -> None:
    endless = ["--trainer.epochs", 100000, "--budget", "1s", "--out", tmp_path / "short"]
    facts = zoo(*fox, *endless, "--json").json
    assert 0 < facts["epochs"] < 100000
    assert (tmp_path / "short" / "config.json").is_file()


def test_too_little_text_is_refused_with_the_numbers(zoo: Zoo, tmp_path: Path) -> None:
    path = tmp_path / "short.txt"
    path.write_text("short")
    result = zoo("train", "lstm-embed", "--dataset", "text", "--dataset.path", path)
    assert result.code == 6
    assert "5" in result.stderr or "symbols" in result.stderr


def test_bfloat16_products_are_close_to_float32(
    zoo: Zoo, fox: list[object], tmp_path: Path
) -> None:
    losses = [
        zoo(*fox, "--precision", precision, "--out", tmp_path / precision, "--json").json["metrics"]
        for precision in ("fp32", "bf16")
    ]
    first, second = (metrics["train"]["loss"] for metrics in losses)
    assert first != second
    assert first == pytest.approx(second, rel=0.02)


def test_a_link_in_a_checkpoint_is_not_followed(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis").write_text("mine")
    (hello / "curve.png").unlink()
    (hello / "curve.png").symlink_to(tmp_path / "thesis")
    for arguments in (["train", "lstm-embed", "--overwrite", "--out", hello], ["resume", hello]):
        result = zoo(*arguments)
        assert (result.code, "curve.png is a link" in result.stderr) == (6, True)
    assert (tmp_path / "thesis").read_text() == "mine"


def test_resume_leaves_a_foreign_folder_unchanged(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "mine").write_text("mine")
    assert zoo("resume", tmp_path).code == 3
    assert [path.name for path in (tmp_path / "state").iterdir()] == ["mine"]


REFLECTED = ["--model.blocks", 3, "--model.padding", 2, "--model.kernel-size", 5]
REFLECTED += ["--model.padding-mode", "reflect"]
"""The third block gets as few steps as it would have to reflect."""


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cnn1d", *REFLECTED], "give at least 12, or train one with --model.padding-mode zeros"),
        (["cnn1d", "--model.padding", 12, "--model.padding-mode", "circular"], "give at least 12"),
        (["cnn1d", "--model.blocks", 8], "too short for this model: give at least 256"),
        (
            ["gru-embed", "--model.sparse", "true", "--model.scale-grad-by-freq", "true"],
            "model.sparse = true does not go with model.scale_grad_by_freq = true",
        ),
    ],
)
def test_settings_that_exclude_each_other_are_refused_before_the_start(
    zoo: Zoo, text_file: Path, tmp_path: Path, arguments: list[object], message: str
) -> None:
    data = ["--dataset", "text", "--dataset.path", text_file, "--dataset.steps", 8]
    windows = ["--dataset.per", "sequence", "--dataset.sampling", "random"]
    sgd = ["--trainer.optimizer", "SGD", "--trainer.clip-norm", "none"]
    result = zoo("train", *arguments, *data, *windows, *sgd, "--out", tmp_path / "run")
    assert result.code == 6
    assert message in result.stderr
    assert result.stderr.count("\n") == 1
    assert not (tmp_path / "run" / "state" / "CURRENT").exists()


def test_each_setting_without_effect_is_one_warning(
    zoo: Zoo, fox: list[object], tmp_path: Path
) -> None:
    useless = ["--trainer.momentum", 0.9, "--trainer.patience", 1, "--model.dropout", 0.5]
    settings = ["--dataset.validation", 0, "--dataset.test", 0, "--trainer.epochs", 1]
    result = zoo(
        *fox, *useless, *settings, "--model.bidirectional", "true", "--out", tmp_path / "x"
    )
    assert result.code == 0
    for line in (
        "trainer.momentum = 0.9 has no effect without the optimizer SGD or RMSprop",
        "trainer.patience = 1 has no effect without a validation split",
        "model.dropout = 0.5 has no effect without a second layer (num_layers)",
        "gru-embed sees the symbols that it is to predict, so its metrics mislead; "
        "set --model.bidirectional false",
    ):
        assert result.stderr.splitlines().count(line) == 1
    plain = zoo(*fox, *settings, "--out", tmp_path / "plain")
    assert "no effect" not in plain.stderr


def test_a_setting_without_effect_is_named_where_the_user_has_set_it(
    zoo: Zoo, text_file: Path, tmp_path: Path
) -> None:
    data = ["--dataset", "text", "--dataset.path", text_file, "--dataset.steps", 8]
    settings = ["--trainer.prompt", "none", "--trainer.epochs", 1, "--model.hidden-size", 4]
    recipe = ["train", "gru-stacked.fast", *data, *settings]
    assert "no effect" not in zoo(*recipe, "--out", tmp_path / "a").stderr
    result = zoo(*recipe, "--trainer.prompt-every", 3, "--out", tmp_path / "b")
    assert "trainer.prompt_every = 3 has no effect without a prompt\n" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "suggestion"),
    [
        (["lstm"], 3, "cifg-lstm or layer-norm-lstm or lstm-embed or lstm-manual"),
        (["lstm-embed", "--trainer.lr", 1], 2, "--trainer.learning-rate?"),
        (["lstm-embed", "--lr", 1], 2, "--trainer.learning-rate?"),
        (["lstm-embed", "--lr=1"], 2, "--trainer.learning-rate?"),
        (["lstm-embed", "--epochs", 3], 2, "--trainer.epochs?"),
        (["lstm-embed", "--trainer.learnign-rate", 1], 2, "--trainer.learning-rate?"),
        (["lstm-embed", "--overwrit"], 2, "--overwrite?"),
    ],
)
def test_a_short_or_misspelt_name_suggests_the_whole_one(
    zoo: Zoo, arguments: list[object], code: int, suggestion: str
) -> None:
    result = zoo("train", *arguments)
    assert (result.code, f"; did you mean {suggestion}" in result.stderr) == (code, True), result


def test_a_setting_that_the_data_lacks_tells_how_other_data_is_chosen(zoo: Zoo) -> None:
    result = zoo("train", "lstm-embed", "--dataset.path", "comments.csv")
    assert (result.code, "no option --dataset.path; " in result.stderr) == (2, True)
    assert "--dataset NAME chooses other data, with settings of its own" in result.stderr


def test_a_mistyped_option_before_a_mistyped_model_is_named(zoo: Zoo) -> None:
    result = zoo("train", "lsmt-embed", "--lr", 1)
    assert (result.code, "no option --lr" in result.stderr) == (2, True)


@pytest.mark.parametrize(
    ("option", "hint"),
    [
        ("--seeds", "zoo sweep has it"),
        ("--jobs", "zoo sweep has it"),
        ("--resume", "to continue a run: zoo resume DIR"),
    ],
)
def test_an_option_of_another_command_is_told_which(zoo: Zoo, option: str, hint: str) -> None:
    result = zoo("train", "lstm-embed", option, "2")
    assert result.code == 2
    assert result.stderr.endswith(f"Error: no option {option}; {hint}\n")


def test_a_model_that_is_left_out_beside_a_checkpoint_is_asked_for(zoo: Zoo) -> None:
    result = zoo("train", "--from", "./my run")
    assert result.code == 2
    remedy = "Name the model of the checkpoint too, which zoo show './my run' says."
    assert result.stderr.endswith(f"Missing argument 'MODEL[.RECIPE]'. {remedy}\n")


def test_a_short_name_in_a_file_suggests_the_whole_one(zoo: Zoo, tmp_path: Path) -> None:
    (tmp_path / "run.toml").write_text("[trainer]\nlr = 1\n")
    result = zoo("train", "lstm-embed", "--config", tmp_path / "run.toml")
    assert result.code == 6
    assert "trainer.lr: no such setting; did you mean learning_rate?" in result.stderr


def test_a_budget_counts_the_evaluation_and_says_what_was_covered(
    zoo: Zoo, fox: list[object], tmp_path: Path
) -> None:
    settings = ["--dataset.validation", 0.4, "--budget", "0.001s", "--out", tmp_path / "run"]
    result = zoo(*fox, *settings)
    assert result.code == 0
    assert "% of the split are evaluated, as the budget of 0.001 s allows" in result.stderr
    assert "1 epochs" not in result.stderr
    assert "share of the split" in result.stdout
    metrics = zoo("show", tmp_path / "run", "--json").json["metrics"]
    assert 0 < metrics["validation"]["coverage"] < 1
    verified = zoo("verify", tmp_path / "run", "--json")
    assert (verified.code, "a part of the split" in verified.stdout) == (0, True)
    settings[-1] = tmp_path / "other"
    assert 0 < zoo(*fox, *settings, "--json").json["epochs"] < 1


def test_a_loss_that_is_infinite_at_the_end_has_diverged(zoo: Zoo, tmp_path: Path) -> None:
    rates = ["--trainer.learning-rate", 1e38, "--trainer.clip-norm", "none"]
    sgd = ["--trainer.optimizer", "SGD", "--trainer.epochs", 2, "--out", tmp_path / "run"]
    result = zoo("train", "rnn-cell.hello", *rates, *sgd)
    assert result.code == 8
    assert result.stderr.splitlines()[-1].startswith("Error: train loss is inf; ")
