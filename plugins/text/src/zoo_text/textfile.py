"""Any text file."""

from __future__ import annotations

from zoo_core.errors import DataError

from zoo_core import Vocabulary
from zoo_text.configs import TextConfig
from zoo_text.dataset import TextDataset


def text_file(config: TextConfig, vocabulary: Vocabulary | None) -> TextDataset:
    """The file's text: without a byte order mark, every line ended by a newline character.

    Raises:
        DataError: When it is read, the file is missing, not readable, or not in the encoding.
    """
    return TextDataset(str(config.path), config, lambda: _read(config), vocabulary)


def _read(config: TextConfig) -> str:
    try:
        data = config.path.read_bytes()
        text = data.decode(config.encoding)
    except OSError as error:
        raise DataError(f"cannot read {config.path}: {error.strerror}") from None
    except LookupError:
        raise DataError(f"no encoding {config.encoding!r}; try utf-8 or latin-1") from None
    except UnicodeDecodeError as error:
        raise DataError(
            f"{config.path} is not {config.encoding}: byte {error.object[error.start]:#04x} at "
            f"offset {error.start}; name another --dataset.encoding"
        ) from None
    except ValueError as error:  # a codec that cannot say where it failed
        raise DataError(f"{config.path}: encoding {config.encoding!r}: {error}") from None
    return text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
