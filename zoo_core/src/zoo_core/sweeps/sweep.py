"""A sweep: what is asked of one folder of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, TypeAlias, final

from zoo_core.configs.records import Count, Rule
from zoo_core.sweeps.question import PlannedRun, Question

Questions: TypeAlias = Annotated[tuple[Question, ...], Rule("at least one question", bool)]


@final
@dataclass(frozen=True, kw_only=True)
class Sweep:
    """The content of ``sweep.toml``.

    Args:
        threads: The threads of torch of each run, settled when the sweep began, so that the bits
            of a result do not depend on how many runs are trained at once.
        questions: What was asked.
    """

    threads: Count
    questions: Questions

    def runs(self) -> list[PlannedRun]:
        """Returns every run once: seeds outermost, then the questions by turns."""
        runs: dict[str, PlannedRun] = {}
        for question in self.questions:
            for run in question.runs(self.threads):
                runs.setdefault(run.name, run)
        return sorted(runs.values(), key=lambda run: run.seed)

    def merged(self, later: Sweep, where: object) -> Sweep:
        """Returns this sweep with the questions of a later one; the threads stay.

        Args:
            later: The later sweep.
            where: The folder of the sweep, for errors.

        Raises:
            TargetError: Two questions with the same label differ in more than seeds and settings.
        """
        questions = {question.label: question for question in self.questions}
        for question in later.questions:
            known = questions.get(question.label)
            questions[question.label] = known.merged(question, where) if known else question
        return Sweep(threads=self.threads, questions=tuple(questions.values()))
