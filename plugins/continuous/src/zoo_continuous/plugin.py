"""Declarations of this plugin: a continuous-time recurrence and data with irregular times."""

from __future__ import annotations

from zoo_core import DatasetSpec, ModelSpec, hookimpl

ZOO_API = 3
EVENTS_SOURCE = (
    "Lechner & Hasani, Learning Long-Term Dependencies in Irregularly-Sampled Time Series (2020)"
)


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="cfc",
            summary="Closed-form continuous-time network, which takes the time between steps.",
            config="zoo_continuous.configs:CfcConfig",
            factory="zoo_continuous.models:cfc",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Hasani et al., Closed-form Continuous-time Neural Networks (2022)",
            tags=("continuous", "irregular"),
        )
    ]


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="event-xor",
            summary="Parity of bits that are given as changes and the times between them.",
            config="zoo_continuous.configs:EventsConfig",
            factory="zoo_continuous.events:event_xor",
            default_trainer="supervised",
            source=f"generated, after {EVENTS_SOURCE}",
            license="CC0-1.0",
            tags=("irregular", "toy", "generated", "offline"),
        ),
        DatasetSpec(
            name="event-majority",
            summary="Whether more bits are one than zero, given as changes and times between them.",
            config="zoo_continuous.configs:EventsConfig",
            factory="zoo_continuous.events:event_majority",
            default_trainer="supervised",
            source=f"generated; the rows are those of {EVENTS_SOURCE}",
            license="CC0-1.0",
            tags=("irregular", "toy", "generated", "offline"),
        ),
    ]
