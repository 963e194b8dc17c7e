"""The prose of CPython's help system.

Every CPython contains the topics of its interactive help in ``pydoc_data.topics``: chapters of the
language reference as plain text, about half a million characters of English with some code. They
change from version to version; the fingerprint of the dataset records which ones a checkpoint was
trained on.
"""

from __future__ import annotations

from zoo_core import Vocabulary
from zoo_core.errors import DataError
from zoo_text.configs import PythonDocsConfig
from zoo_text.dataset import TextDataset


def python_docs(config: PythonDocsConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """Returns the topics as a dataset.

    Reading its text raises DataError if this Python was installed without the topics.
    """
    return TextDataset("python-docs", config, read_topics, vocabulary)


def read_topics() -> str:
    """Returns the topics, sorted by name and joined by empty lines.

    Raises:
        DataError: This Python was installed without the topics.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise DataError("this Python comes without pydoc_data; use --dataset text") from None
    return "\n\n".join(text.strip() for _, text in sorted(topics.items()))
