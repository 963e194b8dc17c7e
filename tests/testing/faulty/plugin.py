"""A plugin whose every part breaks one rule, and one part of each kind that keeps them all."""

from __future__ import annotations

from zoo_core import DatasetSpec, KernelSpec, LoggerSpec, ModelSpec, TrainerSpec, hookimpl

ZOO_API = 3
PLACE = "tests.testing.faulty"
MODELS = {
    "shapes": ("TimeFirst", "A model that returns the time axis first."),
    "window": ("Unsaid", "A causal model without a state and without a window."),
    "initial-state": (
        "OtherStart",
        "A model whose initial_state is not the state that it starts from.",
    ),
    "pieces": ("Forgetful", "A model that ignores the state that it gets."),
    "causality": ("Foresighted", "A model with causal = True that adds the mean over time."),
    "batch-independence": ("Crowded", "A model whose logits grow with the number of rows."),
    "activations": ("misnaming", "A model whose cell names a gate that its step ignores."),
    "padding-independence": ("Overlong", "A model that reads the last step even if it is padding."),
    "gradients": ("Idle", "A model with a parameter that is never used."),
    "overfits": ("Bounded", "A model whose logits end in a tanh."),
    "state-dict": ("Counting", "A model that counts its forward passes in a buffer."),
    "save-load": ("Unsaved", "A model that keeps a random number as a plain attribute."),
    "seed": ("Unseeded", "A model that draws its weights from a generator of its own."),
    "step-by-step": ("DetachedState", "A model whose state is detached from its graph."),
    "saved-state": ("Remembering", "A model that keeps a part of its state to itself."),
    "resets": ("Unresetting", "A model that ignores resets and says that it takes them."),
    "long-sequences": ("Summing", "A model that adds up all that it has read."),
    "exports": ("Branching", "A model that branches on the value of a tensor."),
}
CONFIGS = {
    "config-defaults": ("Unbounded", "A config with a default outside its own bounds."),
    "config-documented": ("Undocumented", "A config with a setting without a help text."),
    "config-round-trip": ("Named", "A config with a setting called name."),
}
DATASETS = {
    "batches-fit": ("CountedFromOne", "A dataset whose ids begin at 1."),
    "batch-count": ("Truncated", "A dataset that does not count the last, smaller batch."),
    "start": ("FromTheTop", "A dataset that begins every epoch at its first batch."),
    "order": ("GloballyShuffled", "A dataset that shuffles with torch's global generator."),
    "evaluation": ("AlwaysShuffled", "A dataset that shuffles epoch 0 too."),
    "splits": ("Leaking", "A dataset that validates on training rows."),
    "fingerprint": ("Hashed", "A dataset whose fingerprint is Python's hash()."),
    "typed": ("Numeric", "A dataset that decodes logits to numbers."),
}
TRAINERS = {
    "objective": ("RowByRow", "A trainer that returns one loss for every target."),
    "ignored-targets": ("Counted", "A trainer that counts ignored targets as class 0."),
    "parameter-groups": ("Partial", "A trainer that leaves out the last parameter."),
    "events": ("Lossless", "A trainer whose metrics lack the loss."),
    "loss-falls": ("Detached", "A trainer whose loss is detached from its graph."),
    "resume": ("Annealed", "A trainer that weights the loss by a step count of its own."),
}


def _model(name: str, factory: str, summary: str, config: str = "Plain") -> ModelSpec:
    return ModelSpec(
        name=name,
        summary=summary,
        config=f"{PLACE}.configs:{config}",
        factory=f"{PLACE}.models:{factory}",
        per=("sequence",) if factory == "Overlong" else ("step",),
    )


def _trainer(
    name: str, factory: str, summary: str, config: str = "Training", outputs: str = "classes"
) -> TrainerSpec:
    return TrainerSpec(
        name=name,
        summary=summary,
        config=f"{PLACE}.configs:{config}",
        factory=f"{PLACE}.trainers:{factory}",
        outputs=(outputs,),
    )


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """Returns models, and models whose config or spec is wrong."""
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
        *(_model(f"wrong-{name}", *example) for name, example in MODELS.items()),
        *(
            _model(f"wrong-{name}", "Honest", summary, config)
            for name, (config, summary) in CONFIGS.items()
        ),
        _model("wrong-import-strings", "Nowhere", "A spec whose factory does not exist."),
        _model("wrong-summary", "Honest", "A spec whose summary is not a sentence"),
    ]


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """Returns datasets."""
    honest = {"honest-data": ("Honest", "Letters in their order.")}
    wrong = {f"wrong-{name}": example for name, example in DATASETS.items()}
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
                name=f"{name}-data",
                summary="Letters in a dict of targets.",
                config=f"{PLACE}.configs:Data",
                factory=f"{PLACE}.datasets:InDict",
                default_trainer=f"{name}-trainer",
            )
            for name in ("dict", "misspelt")
        ),
        *(
            DatasetSpec(
                name=name,
                summary=summary,
                config=f"{PLACE}.configs:Data",
                factory=f"{PLACE}.datasets:{factory}",
                default_trainer="honest-trainer",
            )
            for name, (factory, summary) in (honest | wrong).items()
        ),
    ]


@hookimpl
def zoo_trainers() -> list[TrainerSpec]:
    """Returns trainers."""
    summary = "A trainer whose config lacks the settings of the loop."
    return [
        _trainer("honest-trainer", "Honest", "Cross entropy."),
        _trainer("dict-trainer", "OfLetters", "Targets in a dict.", outputs="custom"),
        _trainer("misspelt-trainer", "Misspelt", "A target that no data has.", outputs="custom"),
        _trainer("lonely-trainer", "OfLetters", "Targets that no data has.", outputs="custom"),
        *(_trainer(f"wrong-{name}", *example) for name, example in TRAINERS.items()),
        _trainer("wrong-loop-settings", "Honest", summary, "Plain"),
    ]


@hookimpl
def zoo_kernels() -> list[KernelSpec]:
    """Returns kernels."""
    return [
        KernelSpec(
            name="honest-kernel",
            summary="The reference.",
            factory=f"{PLACE}.kernels:Honest",
            cells=("rnn-tanh",),
        ),
        KernelSpec(
            name="wrong-kernel-equals",
            summary="A kernel that reads the padding.",
            factory=f"{PLACE}.kernels:PaddingReader",
            cells=("rnn-tanh",),
        ),
        KernelSpec(
            name="wrong-kernel-resets",
            summary="A kernel that does not start states anew.",
            factory=f"{PLACE}.kernels:Unresetting",
            cells=("rnn-tanh",),
        ),
        KernelSpec(
            name="wrong-kernel-many-steps",
            summary="A kernel that runs every chunk from the state before the first.",
            factory=f"{PLACE}.kernels:Forgetful",
            cells=("rnn-tanh",),
        ),
        KernelSpec(
            name="wrong-kernel-pays",
            summary="A kernel that runs every step many times.",
            factory=f"{PLACE}.kernels:Slow",
            cells=("rnn-tanh",),
        ),
    ]


@hookimpl
def zoo_loggers() -> list[LoggerSpec]:
    """Returns loggers."""
    return [
        LoggerSpec(
            name="honest-logger",
            summary="Takes every event.",
            factory=f"{PLACE}.loggers:Honest",
        ),
        LoggerSpec(
            name="wrong-logs-a-run",
            summary="A logger that expects nothing but steps.",
            factory=f"{PLACE}.loggers:StepsAlone",
        ),
        LoggerSpec(
            name="wrong-logs-a-resumed-run",
            summary="A logger that expects an empty folder.",
            factory=f"{PLACE}.loggers:NewFolder",
        ),
    ]
