"""Draws the pictures of the pages of ``concepts/``.

uv run python -m docs.concept_pictures
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

from docs.pictures import Kind, Picture

FOLDER = Path(__file__).parent / "concepts"


def spec() -> Picture:
    """A declaration, and what it names."""
    picture = Picture("A plugin declares a ModelSpec, whose import strings name classes", 300)
    hook = picture.box(20, 20, 240, "plugin.py\nthe hook zoo_models", kind="light", code=True)
    model = picture.box(
        20,
        120,
        240,
        'ModelSpec\nname "lstm-embed"\nsummary, source, tags\nconfig\nfactory',
        kind="light",
    )
    picture.arrow(hook, model, "returns")
    config = picture.box(330, 150, 210, "LstmEmbedConfig\nsettings, no torch", kind="light")
    factory = picture.box(330, 220, 210, "lstm_embed\nbuilds the model", kind="torch")
    picture.arrow(model, config)
    picture.arrow(model, factory)
    picture.text(330, 138, "import strings, for example", size=13)
    picture.text(280, 44, "zoo list reads this and imports no", size=13)
    picture.text(280, 62, "torch; what a string names is", size=13)
    picture.text(280, 80, "imported when it is used", size=13)
    return picture


def catalog() -> Picture:
    """How plugins become a catalog."""
    picture = Picture("Plugins are loaded one by one into the catalog", 320)
    points = picture.box(150, 20, 260, "installed plugins\nentry points of the group zoo")
    picture.text(424, 40, "each is loaded", size=13)
    picture.text(424, 58, "by itself", size=13)
    names = [
        picture.box(20 + 180 * number, 110, 160, name, kind="light")
        for number, name in enumerate(("zoo-gru", "zoo-lstm", "zoo-owl"))
    ]
    for name in names:
        picture.arrow(points, name)
    whole = picture.box(
        20,
        190,
        340,
        "catalog\nmodels, datasets, trainers, kernels,\ncommands, exporters, …",
        kind="light",
    )
    broken = picture.box(400, 190, 140, "broken\nits reason and\nits remedy")
    picture.arrow(names[0], whole)
    picture.arrow(names[1], whole)
    picture.arrow(names[2], broken, "raises")
    picture.text(20, 300, "zoo list · zoo show · zoo train", size=14)
    picture.text(400, 300, "zoo plugins", size=14)
    return picture


def recipe() -> Picture:
    """What decides a run, from the strongest to the weakest."""
    picture = Picture("Flags beat files, files beat recipes, recipes beat defaults", 330)
    rows: tuple[tuple[str, Kind], ...] = (
        ("a flag: --trainer.epochs 3", "plain"),
        ("--config FILE.toml", "file"),
        ("the recipe gru-embed.python-docs", "file"),
        ("the defaults of the configs", "light"),
    )
    boxes = [
        picture.box(20, 30 + 62 * number, 270, text, kind=kind)
        for number, (text, kind) in enumerate(rows)
    ]
    for upper, lower in itertools.pairwise(boxes):
        picture.text(
            upper.middle[0],
            (upper.y + upper.height + lower.y) / 2 + 5,
            "beats",
            anchor="middle",
            size=13,
        )
    run_config = picture.box(
        370, 105, 170, "run config\nmodel, dataset,\ntrainer, seed;\nno default left", kind="light"
    )
    for box in boxes:
        picture.parts.append(
            f'<line x1="{box.x + box.width}" y1="{box.middle[1]}" x2="{run_config.x}" '
            f'y2="{run_config.middle[1]}" stroke="#5c6475" stroke-width="1.2"/>'
        )
    picture.text(
        20, 308, "A recipe also names the published figure that its run must reach.", size=14
    )
    return picture


def run() -> Picture:
    """One training."""
    picture = Picture("A run: from the run config to the checkpoint", 420)
    config = picture.box(160, 16, 240, "run config", kind="light")
    dataset = picture.box(20, 92, 160, "dataset\nits signature", kind="torch")
    model = picture.box(200, 92, 160, "model\nfor that signature", kind="torch")
    trainer = picture.box(380, 92, 160, "trainer\nloss, optimizer", kind="torch")
    for box in (dataset, model, trainer):
        picture.arrow(config, box)
    loop = picture.box(
        90, 200, 380, "loop over epochs\nbatch → forward → loss → backward → step", kind="torch"
    )
    for box in (dataset, model, trainer):
        picture.arrow(box, loop)
    state = picture.box(20, 310, 230, "state\nevery 15 s and on Ctrl+C", kind="file")
    checkpoint = picture.box(300, 310, 240, "checkpoint\nat the end, the best weights", kind="file")
    picture.arrow(loop, state)
    picture.arrow(loop, checkpoint)
    picture.text(
        20, 392, "zoo resume continues from the state, bit for bit as without a stop.", size=14
    )
    return picture


def checkpoint() -> Picture:
    """The files of a checkpoint."""
    picture = Picture("The files of a checkpoint, and what they are for", 430)
    rows = (
        ("config.json", "the manifest: settings, versions, hashes"),
        ("model.safetensors", "the best weights"),
        ("README.md", "the model card, with its curve"),
        ("history.jsonl", "metrics of every epoch"),
        ("steps.jsonl", "loss and gradient norm of steps"),
        ("timings.jsonl", "seconds of every epoch"),
        ("curve.png", "the training as a picture"),
    )
    picture.text(20, 30, "my-model/", size=15)
    for number, (name, text) in enumerate(rows):
        picture.box(36, 42 + 44 * number, 170, name, kind="file", code=True)
        picture.text(220, 64 + 44 * number, text, size=14)
    picture.box(36, 42 + 44 * len(rows), 170, "state/", kind="file", code=True)
    picture.text(220, 64 + 44 * len(rows), "to resume: last weights, optimizer, …", size=14)
    picture.text(
        36, 418, "config.json is written last: with it, a folder is a finished run.", size=14
    )
    return picture


def reference() -> Picture:
    """What a name may mean."""
    picture = Picture("The forms of a reference, and what they name", 340)
    rows = (
        ("lstm-embed", "a model; as a checkpoint, that of its", "default recipe"),
        ("lstm-embed.python-docs", "a recipe, and the checkpoint that", "this recipe made"),
        ("zoo-owl:owl-cell", "the model of that plugin, where two", "plugins have the name"),
        ("./my-model", "a folder: anything with a slash", ""),
        ("hub:owner/repo@revision", "a repository of the Hub", ""),
    )
    y = 22
    for name, text, more in rows:
        picture.box(20, y, 230, name, kind="light", code=True)
        picture.text(266, y + (22 if not more else 15), text, size=14)
        picture.text(266, y + 33, more, size=14)
        y += 62
    return picture


def kernel() -> Picture:
    """What runs a cell."""
    picture = Picture("A recurrent layer hands its cell to the first kernel that can run it", 400)
    cell = picture.box(20, 20, 230, "cell\nthe equations of one step", kind="torch")
    layer = picture.box(310, 20, 230, "recurrent layer\nweights, layers, time", kind="torch")
    picture.arrow(layer, cell, "has a")
    picture.text(425, 104, "takes the first one that can", anchor="middle", size=13)
    kernels = (
        ("native", "C++, compiled at installation"),
        ("portable", "torch, derivatives written out"),
        ("torch", "layers of torch.nn"),
        ("reference", "the cell itself, step by step"),
    )
    above = layer
    for number, (name, text) in enumerate(kernels):
        box = picture.box(310, 116 + 62 * number, 130, name, kind="torch", code=True)
        picture.text(296, 138 + 62 * number, text, anchor="end", size=14)
        if number:
            picture.arrow(above, box)
        above = box
    picture.text(
        20, 372, "All give the same outputs and gradients: 1e-5 in fp32, 1e-12 in fp64.", size=14
    )
    return picture


PICTURES: dict[str, Callable[[], Picture]] = {
    "spec": spec, "catalog": catalog, "recipe": recipe, "run": run,
    "checkpoint": checkpoint, "reference": reference, "kernel": kernel,
}  # fmt: skip


def main() -> None:
    """Draws every picture."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / f"{name}.svg").write_text(draw().svg(), "utf-8")


if __name__ == "__main__":
    main()
