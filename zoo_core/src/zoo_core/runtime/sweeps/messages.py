"""What a worker and its parent write to each other: one JSON object per line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.sweeps.engine import Job, JobAdvanced, JobEnded, JobEvent, JobMessage
from zoo_core.runtime.training.events import EpochEnded, Evaluated, Started, Stepped

RUN_EVENTS = {kind.__name__: kind for kind in (Started, Stepped, Evaluated, EpochEnded)}


def job_to_line(job: Job) -> bytes:
    """Returns a job as a line."""
    values = {
        "name": job.name,
        "folder": str(job.folder),
        "run_config": job.run_config.to_json(),
        "extends_vocabulary": job.extends_vocabulary,
        "loggers": job.loggers,
    }
    return (json.dumps(values) + "\n").encode()


def job_from_line(line: bytes) -> Job:
    """Returns the job of a line."""
    values = json.loads(line)
    return Job(
        name=values["name"],
        folder=Path(values["folder"]),
        run_config=RunConfig.from_json(values["run_config"]),
        extends_vocabulary=values["extends_vocabulary"],
        loggers=tuple(values["loggers"]),
    )


def event_to_line(event: JobAdvanced | JobMessage | JobEnded) -> str:
    """Returns an event as a line, without its job."""
    values: dict[str, Any]
    match event:
        case JobAdvanced():
            values = {"kind": type(event.event).__name__, **event.event._asdict()}
        case JobMessage():
            values = {"kind": "message", "text": event.text}
        case JobEnded():
            values = {
                "kind": "ended",
                "outcome": event.outcome,
                "reason": event.reason,
                "exit_code": event.exit_code,
            }
    return json.dumps(values) + "\n"


def event_from_line(job: Job, line: bytes) -> JobEvent:
    """Returns the event of a line.

    Raises:
        ValueError: The line holds no event.
    """
    values = json.loads(line)
    if not isinstance(values, dict):
        raise ValueError("not an object")
    kind = values.pop("kind", None)
    try:
        if kind in RUN_EVENTS:
            return JobAdvanced(job, RUN_EVENTS[kind](**values))
        if kind == "message":
            return JobMessage(job, **values)
        if kind == "ended":
            return JobEnded(job, **values)
    except TypeError as error:
        raise ValueError(str(error)) from None
    raise ValueError(f"unknown kind {kind!r}")
