"""One run on several processes: its curves, its speed, and what checkpointing and compiling give.

uv run python -m benchmarks.one_run curves      # docs/results/processes.png
uv run python -m benchmarks.one_run speed       # 1 and 2 processes by turns
uv run python -m benchmarks.one_run compile     # with and without --compile, by turns
uv run python -m benchmarks.one_run memory      # with and without checkpoint-steps
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

from click import echo

from zoo_core.runtime.plots.palette import COLOURS

PICTURE = Path(__file__).parents[1] / "docs" / "results" / "processes.png"
TEXT = Path(__file__).parents[1] / "docs" / "cli.md"
SIZES = (1, 2, 4)
TURNS = 3
LARGE = ["--model.hidden-size", "512", "--model.embedding-size", "256", "--dataset.steps", "64"]
SHORT = ["--model.hidden-size", "128", "--dataset.steps", "8", "--threads", "1"]
"""Settings that override those of LARGE: a compiler translates every time step of its own."""


def train(folder: Path, *options: str) -> dict[str, Any]:
    """Trains an LSTM on a page of this repository and returns what the command prints as JSON."""
    data = ["--dataset", "text", "--dataset.path", str(TEXT), "--dataset.sampling", "random"]
    command = [sys.executable, "-m", "zoo_cli", "train", "lstm-embed", *data, "--json"]
    result = subprocess.run(
        [*command, *options, "--out", str(folder)], stdout=subprocess.PIPE, check=True
    )
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer


def losses(folder: Path) -> list[float]:
    """Returns the loss of every step of a run."""
    lines = (folder / "steps.jsonl").read_text("utf-8").splitlines()
    return [float(json.loads(line)["loss"]) for line in lines]


def curves(folder: Path) -> None:
    """Draws the losses of 1, 2 and 4 processes, and their distance from those of one."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    settings = ["--trainer.batch-size", "10", "--dataset.steps", "32", "--trainer.epochs", "1"]
    settings += ["--model.dropout", "0.2", "--model.num-layers", "2", "--threads", "1"]
    runs = {}
    for size in SIZES:
        train(folder / str(size), *settings, "--nproc", str(size))
        runs[size] = losses(folder / str(size))
    figure, (above, below) = plt.subplots(
        2, 1, figsize=(7, 5), sharex=True, height_ratios=(3, 2), layout="constrained"
    )
    for size, style, colour in zip(SIZES, ("-", "--", ":"), COLOURS, strict=False):
        noun = "process" if size == 1 else "processes"
        line = {"color": colour, "label": f"{size} {noun}"}
        above.plot(runs[size], style, linewidth=1.0 + size / 2, alpha=0.8, **line)
        if size > 1:
            pairs = zip(runs[size], runs[1], strict=True)
            below.plot([abs(ours / one - 1) for ours, one in pairs], style, **line)
    above.set_ylabel("training loss in nats")
    above.legend()
    below.set_yscale("log")
    below.set_ylabel("relative difference\nfrom 1 process")
    below.set_xlabel("step, batches of 10 rows, single precision")
    below.legend()
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120, metadata={"Software": ""})
    for size in SIZES[1:]:
        pairs = zip(runs[size], runs[1], strict=True)
        worst = max(abs(ours / one - 1) for ours, one in pairs)
        echo(f"{size} processes: {len(runs[1])} steps, largest relative difference {worst:.1e}")


def by_turns(folder: Path, ways: dict[str, list[str]]) -> None:
    """Prints tokens per second of ways to train, measured one after the other several times.

    The speed is that of the second epoch. The first one may hold the work of a compiler; how much
    longer it took is printed too.
    """
    speeds: dict[str, list[float]] = {name: [] for name in ways}
    starts: dict[str, list[float]] = {name: [] for name in ways}
    for turn in range(TURNS):
        for name, options in ways.items():
            run = folder / f"{name} {turn}"
            train(run, *LARGE, "--trainer.epochs", "2", *options)
            lines = (run / "timings.jsonl").read_text("utf-8").splitlines()
            start, steady = map(json.loads, lines)
            speeds[name].append(steady["tokens"] / steady["step_seconds"])
            starts[name].append(start["step_seconds"] - steady["step_seconds"])
    first = median(next(iter(speeds.values())))
    for name, values in speeds.items():
        ratio = median(values) / first
        rounded = [round(value) for value in values]
        echo(f"{name}: {median(values):,.0f} tokens/s ({ratio:.2f} of the first), {rounded}")
        echo(f"    its first epoch took {median(starts[name]):.1f} s longer than its second")


def speed(folder: Path) -> None:
    """Prints the speed of 1 and 2 processes of one thread, and of one process of two threads."""
    by_turns(
        folder,
        {
            "1 process, 1 thread": ["--threads", "1"],
            "1 process, 2 threads": ["--threads", "2"],
            "2 processes, 1 thread each": ["--threads", "1", "--nproc", "2"],
        },
    )


def compiled(folder: Path) -> None:
    """Prints the speed with and without --compile, beside that of the fastest kernel."""
    ways = {
        "reference": ["--backend", "reference"],
        "reference, compiled": ["--backend", "reference", "--compile"],
        "auto": [],
    }
    by_turns(folder, {name: [*SHORT, *options] for name, options in ways.items()})


def memory(folder: Path) -> None:
    """Prints the largest memory of a step over 8,192 steps with and without checkpoint-steps."""
    for steps in ("none", "512", "64"):
        command = [sys.executable, "-m", "benchmarks.one_run", "peak", steps, str(folder / steps)]
        subprocess.run(command, check=True)


def peak(steps: str, folder: Path) -> None:
    """Trains a little in this process and prints how much its memory grew."""
    import torch

    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.recipes.resolve import resolve_run
    from zoo_core.runtime.run import Run

    catalog = load_catalog()
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": 256, "num_layers": 2},
        "dataset": {"path": TEXT, "steps": 8192, "sampling": "random"},
        "trainer": {
            "batch_size": 4,
            "epochs": 1,
            "checkpoint_steps": None if steps == "none" else int(steps),
        },
    }
    chosen = resolve_run(catalog, "lstm-embed", dataset="text")
    run = Run(catalog, chosen.run_config(settings, threads=1, device="cpu"), folder)
    batch = next(run.dataset.batches("train", 4, 0, 1))
    torch.set_num_threads(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    result = run.loop.train_step(batch, None)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    echo(
        f"checkpoint-steps {steps}, backend {run.backend}, inputs {tuple(batch.inputs.shape)}: "
        f"{grown:,.0f} MB more; gradient norm {result.gradient_norm.item():.9g}"
    )


def main() -> None:
    """Runs the measurement that the command line names."""
    name, *arguments = sys.argv[1:]
    if name == "peak":
        peak(arguments[0], Path(arguments[1]))
        return
    measurements = {"curves": curves, "speed": speed, "compile": compiled, "memory": memory}
    with tempfile.TemporaryDirectory() as folder:
        measurements[name](Path(folder))


if __name__ == "__main__":
    main()
