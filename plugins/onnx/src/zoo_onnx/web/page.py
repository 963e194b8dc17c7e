"""The page: one HTML file that holds the model and what runs it, and asks no network."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import math
import re
from html import escape
from importlib.metadata import version
from importlib.resources import files
from string import Template
from typing import Any

from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import IntegrityError, MisfitError
from zoo_core.escaping import printable
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.exporting.program import Lengths, Program
from zoo_core.runtime.generation.generate import check_generates, default_prompt
from zoo_onnx.web.prompts import prompt_rule, tokenizer_data
from zoo_onnx.web.runtime import VERSION, WebRuntime

SCRIPTS = ("tokenizer.js", "sampler.js", "network.js", "history.js", "page.js")
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; script-src 'wasm-unsafe-eval'"
)
"""The content security policy of the page, but for the hash of its script: it loads nothing."""
EXPORTED = re.compile(r"export\s*\{([^}]*)\}")
"""What the module of ONNX Runtime Web ends with."""
MAX_KEPT, MAX_NUMBERS = 2000, 4_000_000
"""The most symbols that are coloured, and the most activations that are kept for them."""
COMPRESSION = 6
MAX_MODEL_BYTES = 256 * 2**20
"""A browser takes no text that is much longer than such a model is in base64."""


def page_facts(checkpoint: Checkpoint) -> dict[str, Any]:
    """Returns what the script of the page needs to know of a checkpoint.

    Raises:
        MisfitError: The model does not write text, or the page cannot run it.
    """
    model, signature = checkpoint.model, checkpoint.signature
    vocabulary = signature.vocabulary
    if not signature.predicts_next_symbol or vocabulary is None:
        remedy = "zoo predict" if signature.context else "zoo export --format onnx"
        raise MisfitError(
            f"the page writes text, and the data of this model is {signature.describe_sizes()}; "
            f"try: {remedy}"
        )
    check_generates(model)
    program = Program(model)
    shapes = [list(state.shape[1:]) for state in program.initial_states(1)]
    units = sum(map(math.prod, shapes))
    return {
        "tokenizer": tokenizer_data(vocabulary),
        "rule": prompt_rule(checkpoint.dataset, vocabulary)._asdict(),
        "start": default_prompt(model, vocabulary).inputs[0].tolist(),
        "input": program.input_name,
        "window": model.window,
        "kept": max(100, min(MAX_KEPT, MAX_NUMBERS // max(units, 1))),
        "states": [
            {
                "name": name,
                "key": name.rpartition("_")[0],
                "title": _title(name, len(model.initial_state(1) or ())),
                "shape": shape,
                "units": math.prod(shape),
            }
            for name, shape in zip(program.state_names, shapes, strict=True)
        ],
    }


def _title(name: str, layers: int) -> str:
    key, _, layer = name.rpartition("_")
    return f"layer {layer}, {key} state" if layers > 1 else f"{key} state"


def shortest_prompt(facts: dict[str, Any], lengths: Lengths) -> int:
    """Returns the fewest symbols that a prompt has.

    Raises:
        MisfitError: The exported model takes too few lengths to write text symbol by symbol.
    """
    if facts["states"] and lengths != Lengths(1):
        raise MisfitError("the exported model takes no single symbol, which the page needs")
    if lengths.fixed and facts["window"] is None:
        raise MisfitError("the exported model takes one length alone, and a text grows")
    return lengths.shortest


def web_page(
    checkpoint: Checkpoint, facts: dict[str, Any], model: bytes, runtime: WebRuntime
) -> str:
    """Returns the page.

    Args:
        checkpoint: The checkpoint.
        facts: What ``page_facts`` returned, with the fewest symbols of a prompt as ``shortest``.
        model: The exported model.
        runtime: ONNX Runtime Web.

    Raises:
        IntegrityError: The runtime is no module of JavaScript.
        MisfitError: The model is too large for a page.
    """
    if len(model) > MAX_MODEL_BYTES:
        raise MisfitError(
            f"the exported model has {len(model):,} bytes, and a page holds {MAX_MODEL_BYTES:,}; "
            "try: zoo export --format onnx"
        )
    run_config, signature = checkpoint.run_config, checkpoint.signature
    script = _script(runtime)
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    values = {
        "title": run_config.recipe or run_config.model,
        "about": f"{run_config.model} trained on {run_config.dataset}: "
        f"{signature.describe_sizes()}. It runs in this page, and nothing is sent anywhere.",
        "hint": _hint(signature.vocabulary, facts),
        "footer": f"Written by zoo-onnx {version('zoo-onnx')}. Holds ONNX Runtime Web {VERSION}, "
        "copyright Microsoft Corporation, MIT licence. The same prompt, temperature, top-k and "
        "seed give the text of zoo generate. A surprise is −ln of a symbol's own probability, in "
        "nats.",
        "policy": f"{POLICY} 'sha256-{digest}'",
        "version": version("zoo-onnx"),
    }
    return Template(_asset("page.html")).substitute(
        {name: escape(printable(value)) for name, value in values.items()},
        style=_asset("page.css"),
        facts=json.dumps(facts, separators=(",", ":")).replace("<", r"\u003c"),
        model=_pack(model),
        wasm=_pack(runtime.wasm),
        script=script,
    )


def _hint(vocabulary: Vocabulary | None, facts: dict[str, Any]) -> str:
    assert vocabulary is not None, "a model that writes text has a vocabulary"
    start = vocabulary.decode(facts["start"]).replace("\n", "↵").replace(" ", "␣")
    least = f" At least {facts['shortest']} symbols." if facts["shortest"] > 1 else ""
    return f"Empty: the text begins after {start}.{least}"


def _script(runtime: WebRuntime) -> str:
    """Returns the module of the runtime with the scripts of the page at its end.

    Raises:
        IntegrityError: The runtime ends otherwise than a module of JavaScript.
    """
    match = EXPORTED.search(runtime.script)
    if match is None:
        raise IntegrityError(f"{VERSION} of ONNX Runtime Web has no exports")
    pairs = (pair.split(" as ") for pair in match[1].split(","))
    names = ", ".join(f"{exported_name}: {name}" for name, exported_name in pairs)
    own = "\n".join(_asset(name) for name in SCRIPTS)
    # the braces keep our names apart from those of the runtime
    script = f"{runtime.script[: match.start()]}\n{{\nconst ort = {{ {names} }};\n{own}\n}}\n"
    # an element of a page ends at the first "</script", wherever it stands
    return script.replace("</script", r"<\/script")


def _asset(name: str) -> str:
    return (files("zoo_onnx.web") / "assets" / name).read_text("utf-8")


def _pack(data: bytes) -> str:
    return base64.b64encode(gzip.compress(data, COMPRESSION, mtime=0)).decode()
