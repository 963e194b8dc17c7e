"""What this plugin brings: text datasets."""

from __future__ import annotations

from zoo_core import DatasetSpec, hookimpl

ZOO_API = 1


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
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
            name="python-docs",
            summary="The English prose that every CPython carries for its help system.",
            config="zoo_text.configs:PythonDocsConfig",
            factory="zoo_text.python_docs:python_docs",
            default_trainer="next-token",
            source="pydoc_data.topics of the running CPython",
            license="PSF-2.0",
            tags=("text", "offline"),
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
