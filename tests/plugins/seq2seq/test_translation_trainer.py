"""The trainer of translations: what it measures, and runs that repeat bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, final

import pytest
import torch
from torch.nn.functional import cross_entropy

import zoo_core
from tests.plugins.seq2seq.conftest import SETTINGS
from zoo_core.data.signature import Classes
from zoo_core.errors import MisfitError
from zoo_core.runtime.datasets.translator import AbstractTranslator
from zoo_core.runtime.nn import IGNORED, AbstractModel, Batch
from zoo_core.runtime.training.evaluation import evaluate
from zoo_seq2seq.bleu import sentence_bleu
from zoo_seq2seq.configs import TranslationConfig
from zoo_seq2seq.dataset import PairsDataset
from zoo_seq2seq.trainer import TranslationTrainer


def test_the_metrics_are_those_of_the_targets_alone(small: Path) -> None:
    checkpoint = zoo_core.load(small)
    model, data, trainer = checkpoint.model, checkpoint.dataset, checkpoint.trainer
    assert isinstance(data, PairsDataset)
    loss, right, exact, bleus, symbols = 0.0, 0, 0, 0.0, 0
    rows = data.rows("validation")
    for source, target in zip(rows.sources, rows.targets, strict=True):
        text = " ".join(data.source_vocabulary.symbols[i].strip() for i in source[:-1])
        batch = data.encode(text, zoo_core.Unknown("replace", "<unk>"))
        begin = torch.tensor([rows.begin])
        batch = batch._replace(inputs=torch.cat([begin, target[:-1]])[None])
        with torch.no_grad():
            logits = model(batch).logits[0]
        loss += float(cross_entropy(logits, target, reduction="sum"))
        hits = logits.argmax(-1) == target
        right, exact = right + int(hits.sum()), exact + bool(hits.all())
        symbols += len(hits)
        (written,) = data.translate(model, batch)
        ended = written[-1:] == [data.vocabulary.ids["<eos>"]]
        bleus += sentence_bleu(written[:-1] if ended else written, target[:-1].tolist())
    metrics = evaluate(model, data, trainer, "validation")
    assert metrics["loss"] == pytest.approx(loss / symbols, rel=1e-5)
    assert metrics["accuracy"] == pytest.approx(right / symbols)
    assert metrics["exact_match"] == pytest.approx(exact / len(rows.sources))
    assert metrics["sentence_bleu"] == pytest.approx(bleus / len(rows.sources))
    assert 0 <= metrics["bleu"] <= 1


def test_training_has_no_bleu_and_evaluation_has(small: Path) -> None:
    metrics = zoo_core.load(small).metrics
    assert set(metrics["train"]) == {"loss", "accuracy", "exact_match"}
    assert set(metrics["validation"]) == {*metrics["train"], "bleu", "sentence_bleu"}


def test_an_exact_match_is_a_target_that_greedy_decoding_writes(small: Path) -> None:
    checkpoint = zoo_core.load("seq2seq-attention.number-words")
    model, data, trainer = checkpoint.model, checkpoint.dataset, checkpoint.trainer
    batch = next(data.batches("test", 200, 0, 0))
    assert isinstance(data, PairsDataset)
    with torch.no_grad():
        sums = trainer.sums(model(batch), batch)
    written = data.translate(model, batch)
    references = [[i for i in row if i != IGNORED] for row in batch.targets.tolist()]
    assert int(sums["exact"]) == sum(map(list.__eq__, written, references))
    assert int(sums["rows"]) == 200


@pytest.mark.gate
def test_a_resumed_run_gives_the_same_bits(small: Path, tmp_path: Path) -> None:
    first = {**SETTINGS, "trainer": {**SETTINGS["trainer"], "epochs": 1}}
    arguments: dict[str, Any] = {"dataset": "translation-pairs", "threads": 1}
    run = zoo_core.train("seq2seq-attention", tmp_path / "run", settings=first, **arguments)
    zoo_core.resume(run.folder, epochs=2)
    again = zoo_core.load(run.folder)
    for key, tensor in zoo_core.load(small).weights.items():
        assert torch.equal(again.weights[key], tensor), key


def test_what_it_cannot_train_on_is_refused() -> None:
    signature = zoo_core.load("seq2seq-attention.number-words").signature
    with pytest.raises(MisfitError, match="a symbol per step"):
        TranslationTrainer(TranslationConfig(), replace(signature, outputs=Classes(3)))


def test_bleu_of_a_cut_target_does_not_count_its_padding(small: Path) -> None:
    checkpoint = zoo_core.load(small)
    data, trainer = checkpoint.dataset, checkpoint.trainer
    assert isinstance(data, PairsDataset)
    end = data.vocabulary.ids["<eos>"]
    batch = next(data.batches("validation", 2, seed=0, epoch=0))
    targets = torch.tensor([[5, 6, IGNORED, IGNORED], [5, 6, 7, end]])  # the first one is cut
    written = [[5, 6], [5, 6, 7, end]]

    @final
    class Written(AbstractTranslator):
        """Has written these targets."""

        def translate(self, model: AbstractModel, batch: Batch) -> list[list[int]]:
            return written

    assert isinstance(trainer, TranslationTrainer)
    dataset: Any = Written()
    sums = trainer.answer_sums(checkpoint.model, dataset, batch._replace(targets=targets))
    assert float(sums["translated"]) == float(sums["referred"]) == 5
    assert float(sums["sentence_bleu"]) == 2.0


def test_shares_are_of_whole_targets_and_of_answers() -> None:
    signature = zoo_core.Signature(
        inputs=zoo_core.Tokens(4), outputs=Classes(4, per="step", next_token=True)
    )
    trainer = TranslationTrainer(TranslationConfig(), signature)
    sums = {"loss": 6.0, "targets": 12.0, "correct": 9.0, "exact": 1.0, "rows": 4.0}
    assert trainer.metrics(sums) == {"loss": 0.5, "accuracy": 0.75, "exact_match": 0.25}
    counts = {f"{kind}_{n}": 1.0 for n in range(1, 5) for kind in ("matches", "groups")}
    counts |= {"translated": 3.0, "referred": 3.0, "sentence_bleu": 1.0, "answers": 2.0}
    metrics = trainer.metrics(sums | counts)
    assert metrics["bleu"] == pytest.approx(1)
    assert metrics["sentence_bleu"] == 0.5
