"""A manifest as its file holds it."""

from __future__ import annotations

import json
from typing import Any

from zoo_core.data.signature import Classes, Signature, Tokens
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.run_folder.manifest import Manifest
from zoo_core.run_folder.objective import Objective
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.storage.hashes import FileRecord

VALUES: dict[str, Any] = json.loads(
    Manifest(
        run_config=RunConfig(
            model="tiny",
            dataset="alpha",
            trainer="plain",
            plugins={"model": "little", "dataset": "little", "trainer": "little"},
            configs={"model": {"width": 8}, "dataset": {}, "trainer": {}},
            recipe="tiny.first",
        ),
        signature=Signature(
            inputs=Tokens(5), outputs=Classes(5, per="step"), vocabulary=Vocabulary.of("hellö✓")
        ),
        fingerprint="abc",
        versions={"python": "3.11"},
        status="finished",
        epochs=3,
        steps=30,
        tokens=300,
        metrics={"validation": {"loss": 0.1 + 0.2}},
        weights=FileRecord(10, "0" * 64),
        objective=Objective(),
    ).to_bytes()
)
