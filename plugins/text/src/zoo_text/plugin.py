"""Declarations of this plugin: text datasets."""

from __future__ import annotations

from zoo_core import DatasetSpec, hookimpl

ZOO_API = 2


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="addition",
            summary="Sums as text, such as 12+7=19: 5,000 of up to two digits, vocabulary 13.",
            config="zoo_text.configs:AdditionConfig",
            factory="zoo_text.addition:AdditionDataset",
            sample_settings="zoo_text.addition:sample_settings",
            default_trainer="supervised",
            source="generated, after Keras' example addition_rnn",
            license="CC0-1.0",
            tags=("sequence-to-sequence", "toy", "generated", "offline"),
        ),
        DatasetSpec(
            name="hello",
            summary="One word and its answer: hello → ohlol, vocabulary e h l o.",
            config="zoo_text.configs:HelloConfig",
            factory="zoo_text.hello:HelloDataset",
            default_trainer="supervised",
            source="the customary first example of recurrent networks",
            license="CC0-1.0",
            tags=("toy", "offline"),
        ),
        DatasetSpec(
            name="human-numbers",
            summary="9,998 numbers up to 9,999 in English words: 63,095 tokens, vocabulary 30.",
            config="zoo_text.configs:HumanNumbersConfig",
            factory="zoo_text.human_numbers:human_numbers",
            default_trainer="next-token",
            source="generated, as the data of the same name of Howard & Gugger's fastai book",
            license="CC0-1.0",
            languages=("en",),
            tags=("text", "toy", "generated", "offline"),
        ),
        DatasetSpec(
            name="python-docs",
            summary="The English prose of CPython's help system, part of every installation.",
            config="zoo_text.configs:PythonDocsConfig",
            factory="zoo_text.python_docs:python_docs",
            default_trainer="next-token",
            source="pydoc_data.topics of the running CPython",
            license="PSF-2.0",
            languages=("en",),
            tags=("text", "offline"),
        ),
        DatasetSpec(
            name="time-machine",
            summary="H. G. Wells, The Time Machine, prepared as in Dive into Deep Learning.",
            config="zoo_text.configs:TimeMachineConfig",
            factory="zoo_text.time_machine:time_machine",
            default_trainer="next-token",
            source="H. G. Wells (1895), the copy of Dive into Deep Learning",
            license="public domain",
            languages=("en",),
            tags=("text", "download"),
        ),
        DatasetSpec(
            name="nietzsche",
            summary="Nietzsche, Beyond Good and Evil, in English, without preparation.",
            config="zoo_text.configs:NietzscheConfig",
            factory="zoo_text.books:nietzsche",
            default_trainer="next-token",
            source="Nietzsche (1886), translated by Zimmern; the copy of fast.ai's lesson 6",
            license="public domain",
            languages=("en",),
            tags=("text", "download"),
        ),
        DatasetSpec(
            name="tiny-shakespeare",
            summary="A part of Shakespeare's plays, without preparation.",
            config="zoo_text.configs:TinyShakespeareConfig",
            factory="zoo_text.books:tiny_shakespeare",
            default_trainer="next-token",
            source="Karpathy, char-rnn",
            license="public domain",
            languages=("en",),
            tags=("text", "download"),
        ),
        DatasetSpec(
            name="names",
            summary="20,050 names, labelled with one of 18 languages.",
            config="zoo_text.configs:NamesConfig",
            factory="zoo_text.names:NamesDataset",
            default_trainer="supervised",
            source="Robertson, practical-pytorch",
            license="MIT",
            tags=("classification", "download"),
        ),
        DatasetSpec(
            name="prose-or-code",
            summary="Windows of CPython's prose and source code, labelled with their origin.",
            config="zoo_text.configs:ProseOrCodeConfig",
            factory="zoo_text.prose_or_code:ProseOrCodeDataset",
            default_trainer="supervised",
            source="pydoc_data.topics and the standard library of the running CPython",
            license="PSF-2.0",
            languages=("en",),
            tags=("classification", "offline"),
        ),
        DatasetSpec(
            name="text",
            summary="Any text file: --dataset.path FILE.",
            config="zoo_text.configs:TextConfig",
            factory="zoo_text.textfile:text_file",
            default_trainer="next-token",
            tags=("text", "offline"),
        ),
    ]
