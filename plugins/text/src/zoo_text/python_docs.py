"""CPython's own prose.

Every CPython carries the topics of its interactive help in ``pydoc_data.topics``: chapters of the
language reference as plain text, about half a million characters of English with some code. They
change from version to version; the dataset's fingerprint says which ones a checkpoint has seen.
"""

from __future__ import annotations

from zoo_core import Vocabulary
from zoo_core.errors import DataError
from zoo_text.configs import PythonDocsConfig
from zoo_text.dataset import TextDataset


def python_docs(config: PythonDocsConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """The topics, sorted by name, joined by an empty line.

    Raises:
        DataError: When it is read, this Python comes without its topics.
    """
    return TextDataset("python-docs", config, read_topics, vocabulary)


def read_topics() -> str:
    """The whole prose.

    Raises:
        DataError: This Python comes without it.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError:
        raise DataError("this Python comes without pydoc_data; use --dataset text") from None
    return "\n\n".join(text.strip() for _, text in sorted(topics.items()))
