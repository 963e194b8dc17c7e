"""The script beside an exported model, which runs it with onnxruntime and numpy alone."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from zoo_core.data.signature import Classes, Signature, Tokens
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.runtime.generation.generate import default_prompt
from zoo_core.runtime.nn import AbstractModel
from zoo_onnx.sampler import INPUTS
from zoo_onnx.symbols import bytes_of

SCRIPT = "stream.py"
BYTES = "bytes.json"
"""The bytes of each symbol in hexadecimal digits, where symbols are no characters."""
HEAD = '''"""Runs model.onnx; needs onnxruntime and numpy alone."""

import codecs
import json
import pathlib
import signal
import sys

import numpy as np
import onnxruntime

if hasattr(signal, "SIGPIPE"):  # a reader such as head ends it without a traceback
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
here = pathlib.Path(__file__).parent
session = onnxruntime.InferenceSession(here / "model.onnx")
'''
STATES = """first, *states = [value for value in session.get_inputs() if value.name not in SAMPLER]
state = [np.zeros((1, *value.shape[1:]), np.float32) for value in states]
names = [first.name, *(value.name for value in states)]
"""
SYMBOLS = """symbols = json.loads((here / "vocabulary.json").read_text("utf-8"))
ids = {symbol: index for index, symbol in enumerate(symbols)}


"""
READ = """def read(text):
    found = SPLIT
    if unknown := sorted(set(found) - ids.keys()):
        sys.exit(f"symbols that the model does not know: {' '.join(unknown)}")
    return [ids[symbol] for symbol in found]


"""
SPLIT = {
    "char": "list(text)",
    "byte": '[chr(byte) if byte < 128 else f"<0x{byte:02X}>" for byte in text.encode()]',
}
"""How a text is cut into symbols, by the kind of the tokenizer."""
READ_IDS = """def read(text):
    found = text.split()
    if not all(word.isdecimal() and int(word) < len(symbols) for word in found):
        sys.exit("give the ids of symbols, such as '0 1'; vocabulary.json has the symbols by id")
    return [int(word) for word in found]


"""
"""The same where cutting a text takes another library."""
WRITE = """def write(numbers):
    print("".join(symbols[number] for number in numbers), end="", flush=True)


"""
WRITE_BYTES = """pieces = list(map(bytes.fromhex, json.loads((here / "bytes.json").read_text())))
decoder = codecs.getincrementaldecoder("utf-8")("replace")


def write(numbers):
    print(decoder.decode(b"".join(pieces[number] for number in numbers)), end="", flush=True)


"""
PROMPT = """prompt = read("".join(sys.argv[1:2])) or START
if len(prompt) < LEAST:
    sys.exit(f"give a prompt of {LEAST} symbols at least")
generator = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
write(prompt)
tokens = prompt[-MOST:]
for _ in range(200):
    values = dict(zip(names, [np.array([tokens]), *state], strict=True))
"""
DRAW = """    logits, *state = session.run(None, values)
    scores = logits.reshape(-1, len(symbols))[-1] / 0.8
    weights = np.exp(scores - scores.max())
    token = int(generator.choice(len(symbols), p=weights / weights.sum()))
"""
SAMPLE = """    values["temperature"], values["top_k"] = np.array(0.8, np.float32), np.array(0)
    values["uniform"] = generator.random(1, np.float32)
    _, *state, drawn = session.run(None, values)
    token = int(drawn[0])
"""
PRINT = """    write([token])
    tokens = [token] if state else [*tokens, token][-MOST:]
print()
"""
CLASSIFY = """for text in sys.argv[1:]:
    tokens = np.array([read(text)])
    logits, *_ = session.run(None, dict(zip(names, [tokens, *state], strict=True)))
    print(text, "→", logits[0])
"""
NUMBERS = """for path in sys.argv[1:]:  # files of numpy.save
    logits, *_ = session.run(None, dict(zip(names, [np.load(path)[None], *state], strict=True)))
    print(path, "→", logits[0])
"""
LABELS = """for text in sys.argv[1:]:
    tokens = np.array([read(text)])
    logits, *_ = session.run(None, dict(zip(names, [tokens, *state], strict=True)))
    best = logits[0].argmax(axis=-1).reshape(-1)
    print(text, "→", *(labels[index] for index in best))
"""


def write_script(model: AbstractModel, folder: Path, *, with_sampler: bool = False) -> None:
    """Writes the script, and the bytes of each symbol if it prints symbols that are no characters.

    The script writes text after the prompt that it is given, or prints the labels or the raw
    outputs of each argument. Where cutting a text into symbols takes another library, it takes
    their ids.

    Args:
        model: The model.
        folder: The folder of the exported model.
        with_sampler: Whether the exported model draws the symbols itself.
    """
    signature, vocabulary = model.signature, model.signature.vocabulary
    parts = [HEAD, f"SAMPLER = {list(INPUTS) if with_sampler else []}\n", STATES]
    if not isinstance(signature.inputs, Tokens) or vocabulary is None:
        parts.append(NUMBERS)
    else:
        kind = vocabulary.tokenizer.kind
        parts += [SYMBOLS, READ.replace("SPLIT", SPLIT[kind]) if kind in SPLIT else READ_IDS]
        if signature.predicts_next_symbol and model.causal:
            parts += _generation(model, vocabulary, with_sampler)
            if kind != "char":
                _write_bytes(vocabulary, folder)
        else:
            parts += _labels(signature, vocabulary)
    script = "".join(parts)
    if WRITE_BYTES not in script:
        script = script.replace("import codecs\n", "")
    (folder / SCRIPT).write_text(script, "utf-8")


def _generation(model: AbstractModel, vocabulary: Vocabulary, with_sampler: bool) -> list[str]:
    """Returns the parts of the script that write text."""
    start = default_prompt(model, vocabulary).inputs[0].tolist()
    return [
        WRITE if vocabulary.tokenizer.kind == "char" else WRITE_BYTES,
        f"START, LEAST, MOST = {start}, {model.window or 1}, {model.window or sys.maxsize}\n",
        PROMPT,
        SAMPLE if with_sampler else DRAW,
        PRINT,
    ]


def _labels(signature: Signature, vocabulary: Vocabulary) -> list[str]:
    """Returns the parts of the script that print labels, or logits where they have no names."""
    outputs = signature.outputs
    names = outputs.names if isinstance(outputs, Classes) else ()
    if isinstance(outputs, Classes) and not names and outputs.size == len(vocabulary):
        names = vocabulary.symbols
    return [f"labels = {list(names)!r}\n", LABELS] if names else [CLASSIFY]


def _write_bytes(vocabulary: Vocabulary, folder: Path) -> None:
    pieces = [bytes_of(vocabulary.tokenizer, symbol).hex() for symbol in vocabulary.symbols]
    (folder / BYTES).write_text(json.dumps(pieces) + "\n", "utf-8")
