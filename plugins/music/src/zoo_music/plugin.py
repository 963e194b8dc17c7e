"""Declarations of this plugin: songs as piano rolls."""

from __future__ import annotations

from zoo_core import DatasetSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="jsb-chorales",
            summary="382 chorales by J. S. Bach, the keys of a piano that sound at every step.",
            config="zoo_music.configs:JsbChoralesConfig",
            factory="zoo_music.dataset:jsb_chorales",
            default_trainer="multi-label",
            source="Boulanger-Lewandowski et al. (2012), the copy of Bai et al. (2018)",
            tags=("music", "multi-label", "download"),
        ),
        DatasetSpec(
            name="nottingham",
            summary="1,037 folk tunes with chords, the keys of a piano that sound at every step.",
            config="zoo_music.configs:NottinghamConfig",
            factory="zoo_music.dataset:nottingham",
            default_trainer="multi-label",
            source="Boulanger-Lewandowski et al. (2012), the copy of Bai et al. (2018)",
            tags=("music", "multi-label", "download"),
        ),
        DatasetSpec(
            name="piano-rolls",
            summary="Any songs in a MATLAB 5 file of the same form: --dataset.path FILE.",
            config="zoo_music.configs:PianoRollsConfig",
            factory="zoo_music.dataset:piano_rolls",
            default_trainer="multi-label",
            tags=("music", "multi-label", "offline"),
            sample_settings="zoo_music.dataset:sample_settings",
        ),
        DatasetSpec(
            name="cadences",
            summary="Sixty short songs of chords over a bass, with a melody.",
            config="zoo_music.configs:CadencesConfig",
            factory="zoo_music.dataset:cadences",
            default_trainer="multi-label",
            source="made by a rule for the zoo",
            license="CC0-1.0",
            tags=("music", "multi-label", "toy", "offline"),
        ),
    ]
