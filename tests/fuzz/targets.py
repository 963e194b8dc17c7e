"""The fuzzed readers: everything that reads bytes or text from outside."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, final

from tests.core.run_folder.manifests import VALUES
from tests.plugins.music.made import roll
from tests.plugins.music.mat_file import cell_array, mat_file, matrix, packed, songs_file
from zoo_core.data.text import decode_text
from zoo_core.errors import ZooError
from zoo_core.recipes.recipe import parse_recipe, published_in
from zoo_core.references import parse_reference
from zoo_core.registry.file import parse_registry
from zoo_core.run_folder.manifest import parse_manifest
from zoo_core.run_folder.safetensors_header import read_header
from zoo_music.rolls import VARIABLES, read_songs

CASES = Path(__file__).with_name("cases")
MAX_MESSAGE = 2000
"""Characters of the message of an error."""
ENCODINGS = ("utf-8", "utf-16", "utf-32", "utf-7", "latin-1", "idna", "punycode", "unicode_escape")


@final
class Target(NamedTuple):
    """A reader under test.

    Args:
        read: Reads some bytes; may raise a ``ZooError`` and nothing else.
        seeds: Inputs to start from; the first one is valid.
    """

    read: Callable[[bytes], object]
    seeds: tuple[bytes, ...]


def _header(data: bytes) -> object:
    return read_header(io.BytesIO(data), len(data))


def _recipe(data: bytes) -> object:
    text = _text(data)
    return parse_recipe(text, "recipe"), published_in(text, "recipe")


def _decoded(data: bytes) -> object:
    return decode_text(data[1:], "text", ENCODINGS[data[0] % len(ENCODINGS)] if data else "utf-8")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


HEADER = json.dumps({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}).encode()
REGISTRY = f"""schema = 1
[checkpoints.a.b]
source = "hub:o/r"
revision = "{"a" * 40}"
metrics = {{ accuracy = 1.0 }}
files."config.json" = {{ size = 0, sha256 = "{"0" * 64}" }}
files."model.safetensors" = {{ size = 0, sha256 = "{"0" * 64}" }}
[plugins.zoo-owl]
distribution = "zoo-owl"
models = ["owl"]
"""
RECIPE = """seed = 1
[dataset]
name = "hello"
[published]
metric = "loss"
split = "train"
low = 1.0
high = 1.20
source = "a book"
"""
SONGS = songs_file([roll(0)])
PACKED_SONGS = mat_file(
    *(packed(cell_array(name, [matrix(roll(0))])) for name in VARIABLES.values())
)
TARGETS = {
    "header": Target(_header, (len(HEADER).to_bytes(8, "little") + HEADER + bytes(4),)),
    "manifest": Target(lambda data: parse_manifest(data, "m"), (json.dumps(VALUES).encode(),)),
    "registry": Target(lambda data: parse_registry(_text(data), Path("r")), (REGISTRY.encode(),)),
    "reference": Target(
        lambda data: parse_reference(_text(data)),
        (b"a.b", b"p:a.b", b"hub:o/r@v", b"./x", b"dir:x", b"~x/y"),
    ),
    "recipe": Target(_recipe, (RECIPE.encode(),)),
    "songs": Target(lambda data: read_songs(data, "songs"), (SONGS, PACKED_SONGS)),
    "text": Target(_decoded, (b"\x00\xef\xbb\xbfa\r\nb\r", b"\x01\xff\xfea\0", b"\x03+AGE-")),
}


def attempt(name: str, data: bytes) -> None:
    """Reads some bytes, and accepts a ``ZooError`` with a short message.

    Raises:
        AssertionError: The message is too long.
        Exception: The reader crashed.
    """
    try:
        TARGETS[name].read(data)
    except ZooError as error:
        message = str(error)
        assert len(message) < MAX_MESSAGE, f"a message of {len(message)} characters"
