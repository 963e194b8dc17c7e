"""A plugin whose every part breaks one rule, and one part of each kind that keeps them all."""

from __future__ import annotations

from zoo_core import DatasetSpec, KernelSpec, ModelSpec, TrainerSpec, hookimpl

ZOO_API = 2
PLACE = "tests.testing.faulty"
MODELS = {
    "shapes": ("TimeFirst", "A model that gives the steps before the batch."),
    "window": ("Unsaid", "A causal model without state that does not say what it must be fed."),
    "initial-state": ("OtherStart", "A model whose initial_state is not what it starts from."),
    "pieces": ("Forgetful", "A model that forgets the state that it is given."),
    "causality": ("Foresighted", "A model, said to be causal, that adds the mean over time."),
    "batch-independence": ("Crowded", "A model that adds up over the batch."),
    "padding-independence": ("Overlong", "A model that reads the last step, padding or not."),
    "gradients": ("Idle", "A model with a parameter that is never used."),
    "overfits": ("Bounded", "A model whose logits end in a tanh."),
    "state-dict": ("Counting", "A model that counts its answers in a buffer."),
    "save-load": ("Unsaved", "A model that keeps a random number as a plain attribute."),
    "seed": ("Unseeded", "A model that draws its weights from a generator of its own."),
    "exports": ("Branching", "A model that branches on the value of a tensor."),
}
CONFIGS = {
    "config-defaults": ("Unbounded", "A config whose default is out of its own bounds."),
    "config-documented": ("Untold", "A config with a setting that is told in no sentence."),
    "config-round-trip": ("Named", "A config with a setting called name."),
}
DATASETS = {
    "batches-fit": ("CountedFromOne", "A dataset whose ids begin at 1."),
    "batch-count": ("Truncated", "A dataset that does not count the last, smaller batch."),
    "start": ("FromTheTop", "A dataset that begins every epoch at its first batch."),
    "order": ("GloballyShuffled", "A dataset that shuffles with torch's global generator."),
    "evaluation": ("AlwaysShuffled", "A dataset that shuffles epoch 0 too."),
    "splits": ("Leaking", "A dataset that validates on rows that it trains on."),
    "fingerprint": ("Hashed", "A dataset whose fingerprint is Python's hash()."),
    "typed": ("Numeric", "A dataset that decodes an answer to numbers."),
}
TRAINERS = {
    "objective": ("RowByRow", "A trainer that gives a loss for every target."),
    "ignored-targets": ("Counted", "A trainer that counts ignored targets as class 0."),
    "parameter-groups": ("Partial", "A trainer that leaves out the last parameter."),
    "events": ("Lossless", "A trainer whose metrics lack the loss."),
    "loss-falls": ("Detached", "A trainer whose loss is cut from its graph."),
    "resume": ("Annealed", "A trainer that weighs the loss by a count of its own."),
}


def _model(name: str, factory: str, summary: str, config: str = "Plain") -> ModelSpec:
    return ModelSpec(
        name=name,
        summary=summary,
        config=f"{PLACE}.configs:{config}",
        factory=f"{PLACE}.models:{factory}",
        per=("sequence",) if factory == "Overlong" else ("step",),
    )


def _trainer(name: str, factory: str, summary: str, config: str = "Training") -> TrainerSpec:
    place = f"{PLACE}.trainers:{factory}"
    return TrainerSpec(
        name=name, summary=summary, config=f"{PLACE}.configs:{config}", factory=place
    )


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """Models, and configs and specs in the guise of models."""
    return [
        _model("honest-model", "Honest", "A small RNN that keeps every rule."),
        ModelSpec(
            name="honest-matrix",
            summary="Layers of a cell whose state is a matrix for each sequence.",
            config=f"{PLACE}.configs:Layers",
            factory=f"{PLACE}.matrix:matrix_model",
            accepts=("tokens", "features"),
        ),
        _model("tied-model", "Tied", "A small RNN whose embedding is its output layer too."),
        *(_model(f"wrong-{name}", *what) for name, what in MODELS.items()),
        *(_model(f"wrong-{n}", "Honest", said, config) for n, (config, said) in CONFIGS.items()),
        _model("wrong-import-strings", "Nowhere", "A spec whose factory is nowhere."),
        _model("wrong-summary", "Honest", "A spec whose summary is no sentence"),
    ]


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """Datasets."""
    keeps = {"honest-data": ("Honest", "Numbers that go up.")}
    wrong = {f"wrong-{name}": what for name, what in DATASETS.items()}
    return [
        DatasetSpec(
            name="honest-file",
            summary="Letters in a file.",
            config=f"{PLACE}.configs:File",
            factory=f"{PLACE}.datasets:InFile",
            default_trainer="honest-trainer",
            sample_settings=f"{PLACE}.datasets:sample_settings",
        ),
        *(
            DatasetSpec(
                name=name,
                summary=said,
                config=f"{PLACE}.configs:Data",
                factory=f"{PLACE}.datasets:{factory}",
                default_trainer="honest-trainer",
            )
            for name, (factory, said) in (keeps | wrong).items()
        ),
    ]


@hookimpl
def zoo_trainers() -> list[TrainerSpec]:
    """Trainers."""
    said = "A trainer whose config has no settings of the loop."
    return [
        _trainer("honest-trainer", "Honest", "Cross entropy."),
        *(_trainer(f"wrong-{name}", *what) for name, what in TRAINERS.items()),
        _trainer("wrong-loop-settings", "Honest", said, "Plain"),
    ]


@hookimpl
def zoo_kernels() -> list[KernelSpec]:
    """Kernels."""
    place, cells = f"{PLACE}.kernels", ("rnn-tanh",)
    said = "A kernel that reads on into the padding."
    wrong = f"{place}:ReadingOn"
    return [
        KernelSpec(
            name="honest-kernel", summary="The reference.", factory=f"{place}:Honest", cells=cells
        ),
        KernelSpec(name="wrong-kernel-equals", summary=said, factory=wrong, cells=cells),
    ]
