"""The format ``web``."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import final

from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.exporting.exporter import AbstractExporter, ExportOptions, ExportResult
from zoo_core.storage.atomic import write_new
from zoo_onnx.exporter import FILE, export_onnx
from zoo_onnx.web.page import page_facts, shortest_prompt, web_page
from zoo_onnx.web.runtime import VERSION, load_runtime

PAGE = "index.html"
USAGE = f"""`{PAGE}` writes text in a browser: open it from disk, or put it on any static host
(`python -m http.server` is one). It holds the model and ONNX Runtime Web {VERSION} (copyright
Microsoft Corporation, MIT licence), and asks no network. For the same prompt, temperature, top-k
and seed it writes what `zoo generate` writes.

The other files are those of the format `onnx`, and the page needs none of them.

"""


@final
class WebExporter(AbstractExporter):
    """Writes a page that runs the model, beside the files of the format ``onnx``."""

    def export(self, checkpoint: Checkpoint, folder: Path, options: ExportOptions) -> ExportResult:
        """See AbstractExporter.

        Raises:
            DataError: The local copy of ONNX Runtime Web cannot be read.
            IntegrityError: It is another file than the pinned one.
            NetworkError: It is not there yet, and the registry cannot be reached.
        """
        facts = page_facts(checkpoint)
        runtime = load_runtime(options.runtime)
        result, lengths = export_onnx(checkpoint, folder, options)
        facts["shortest"] = shortest_prompt(facts, lengths)
        page = web_page(checkpoint, facts, (folder / FILE).read_bytes(), runtime)
        write_new(folder / PAGE, page.encode())
        return replace(result, usage=USAGE + result.usage)
