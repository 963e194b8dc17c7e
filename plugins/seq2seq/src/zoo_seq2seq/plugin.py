"""Declarations of this plugin: encoders and decoders, pairs of sequences, their trainer."""

from __future__ import annotations

from zoo_core import DatasetSpec, ModelSpec, TrainerSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="seq2seq",
            summary="Encoder and decoder of any model's cell; the decoder starts from the encoder.",
            config="zoo_seq2seq.configs:Seq2SeqConfig",
            factory="zoo_seq2seq.model:Seq2Seq",
            per=("step",),
            context=True,
            default_recipe="number-words",
            source="Cho et al., Learning Phrase Representations using RNN Encoder-Decoder (2014); "
            "Sutskever et al., Sequence to Sequence Learning with Neural Networks (2014)",
            tags=("sequence-to-sequence", "encoder-decoder", "any-cell"),
        ),
        ModelSpec(
            name="seq2seq-attention",
            summary="Encoder and decoder with additive attention (Bahdanau), of any cell.",
            config="zoo_seq2seq.configs:Seq2SeqAttentionConfig",
            factory="zoo_seq2seq.model:Seq2Seq",
            per=("step",),
            context=True,
            default_recipe="number-words",
            source="Bahdanau, Cho & Bengio, Neural Machine Translation by Jointly Learning to "
            "Align and Translate (2015)",
            tags=("sequence-to-sequence", "encoder-decoder", "attention", "bahdanau", "any-cell"),
        ),
        ModelSpec(
            name="seq2seq-repeat",
            summary="Encoder whose last output is every input of a decoder (Keras' RepeatVector).",
            config="zoo_seq2seq.configs:Seq2SeqRepeatConfig",
            factory="zoo_seq2seq.repeat:Seq2SeqRepeat",
            per=("step",),
            context=True,
            default_recipe="addition",
            source="the Keras example addition_rnn",
            tags=("sequence-to-sequence", "encoder-decoder", "repeat-vector", "any-cell"),
        ),
    ]


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="fra-eng",
            summary="English sentences and French ones, prepared as in Dive into Deep Learning.",
            config="zoo_seq2seq.configs:FraEngConfig",
            factory="zoo_seq2seq.dataset:fra_eng",
            default_trainer="translation",
            source="Tatoeba; the file fra.txt of d2l's fra-eng.zip, which --dataset.path names",
            license="CC-BY-2.0",
            languages=("en", "fr"),
            tags=("sequence-to-sequence", "translation", "file"),
            sample_settings="zoo_seq2seq.samples:pairs_settings",
        ),
        DatasetSpec(
            name="number-words",
            summary="The numbers from 1 to 10,000 in English words, and in French words.",
            config="zoo_seq2seq.configs:NumberWordsConfig",
            factory="zoo_seq2seq.dataset:number_words",
            default_trainer="translation",
            source="made by the rules of both languages",
            license="CC0-1.0",
            languages=("en", "fr"),
            tags=("sequence-to-sequence", "translation", "generated", "offline"),
            sample_settings="zoo_seq2seq.samples:number_settings",
        ),
        DatasetSpec(
            name="sums",
            summary="Sums of two numbers as text, 12+7 to 19: those of the dataset addition.",
            config="zoo_seq2seq.configs:SumsConfig",
            factory="zoo_seq2seq.dataset:sums",
            default_trainer="translation",
            source="generated, after the Keras example addition_rnn",
            license="CC0-1.0",
            tags=("sequence-to-sequence", "arithmetic", "generated", "offline"),
            sample_settings="zoo_seq2seq.samples:sums_settings",
        ),
        DatasetSpec(
            name="translation-pairs",
            summary="Any pairs of texts, a tab between source and target: --dataset.path FILE.",
            config="zoo_seq2seq.configs:TranslationPairsConfig",
            factory="zoo_seq2seq.dataset:translation_pairs",
            default_trainer="translation",
            tags=("sequence-to-sequence", "translation", "file", "offline"),
            sample_settings="zoo_seq2seq.samples:pairs_settings",
        ),
    ]


@hookimpl
def zoo_trainers() -> list[TrainerSpec]:
    """The trainers of this plugin."""
    return [
        TrainerSpec(
            name="translation",
            summary="Trains on targets; accuracy, whole targets without an error, and BLEU.",
            config="zoo_seq2seq.configs:TranslationConfig",
            factory="zoo_seq2seq.trainer:TranslationTrainer",
            tags=("sequence-to-sequence", "translation", "bleu"),
            next_token=True,
        ),
    ]
