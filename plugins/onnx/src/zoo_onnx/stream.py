"""The script beside an exported model, which runs it with onnxruntime and numpy alone."""

from __future__ import annotations

from zoo_core.data.signature import Classes, Signature, Tokens
from zoo_onnx.sampler import INPUTS

HEAD = '''"""Runs model.onnx; needs onnxruntime and numpy alone."""

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
PROMPT = """symbols = json.loads((here / "vocabulary.json").read_text("utf-8"))
ids = {symbol: index for index, symbol in enumerate(symbols)}
text = "".join(sys.argv[1:2]) or symbols[0]
if unknown := sorted(set(text) - ids.keys()):
    sys.exit(f"symbols that the model does not know: {' '.join(unknown)}")
generator = np.random.default_rng(int(sys.argv[2]) if len(sys.argv) > 2 else 0)
tokens = [ids[symbol] for symbol in text]
print(text, end="")
for _ in range(200):
    values = dict(zip(names, [np.array([tokens]), *state], strict=True))
"""
DRAW = """    logits, *state = session.run(None, values)
    weights = np.exp(logits.reshape(-1, len(symbols))[-1] / 0.8)
    tokens = [int(generator.choice(len(symbols), p=weights / weights.sum()))]
"""
SAMPLE = """    values["temperature"], values["top_k"] = np.array(0.8, np.float32), np.array(0)
    values["uniform"] = generator.random(1, np.float32)
    _, *state, token = session.run(None, values)
    tokens = [int(token[0])]
"""
PRINT = """    print(symbols[tokens[0]], end="", flush=True)
print()
"""
CLASSIFY = """symbols = json.loads((here / "vocabulary.json").read_text("utf-8"))
ids = {symbol: index for index, symbol in enumerate(symbols)}
if unknown := sorted(set("".join(sys.argv[1:])) - ids.keys()):
    sys.exit(f"symbols that the model does not know: {' '.join(unknown)}")
for text in sys.argv[1:]:
    tokens = np.array([[ids[symbol] for symbol in text]])
    logits, *_ = session.run(None, dict(zip(names, [tokens, *state], strict=True)))
    print(text, "→", logits[0])
"""
NUMBERS = """for path in sys.argv[1:]:  # files of numpy.save
    logits, *_ = session.run(None, dict(zip(names, [np.load(path)[None], *state], strict=True)))
    print(path, "→", logits[0])
"""
LABELS = """labels = LABELS_JSON
for text in sys.argv[1:]:
    tokens = np.array([[ids[symbol] for symbol in text]])
    logits, *_ = session.run(None, dict(zip(names, [tokens, *state], strict=True)))
    best = logits[0].argmax(axis=-1).reshape(-1)
    print(text, "→", *(labels[index] for index in best))
"""


def stream_script(signature: Signature, *, with_sampler: bool = False) -> str:
    """Returns the text of the script.

    It writes text after the prompt that it is given, or prints the labels or the raw outputs of
    each argument.

    Args:
        signature: The inputs and outputs of the model.
        with_sampler: Whether the exported model draws the symbols itself.
    """
    head = HEAD + f"SAMPLER = {list(INPUTS) if with_sampler else []}\n" + STATES
    vocabulary, outputs = signature.vocabulary, signature.outputs
    if not isinstance(signature.inputs, Tokens) or vocabulary is None:
        return head + NUMBERS
    if outputs.next_token:
        return head + PROMPT + (SAMPLE if with_sampler else DRAW) + PRINT
    if not isinstance(outputs, Classes):
        return head + CLASSIFY
    labels = outputs.names
    if not labels and outputs.size == len(vocabulary):
        labels = vocabulary.symbols
    if not labels:
        return head + CLASSIFY
    before = CLASSIFY.partition("for text")[0]
    return head + before + LABELS.replace("LABELS_JSON", repr(list(labels)))
