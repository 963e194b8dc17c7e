"""What the figures become: quotients, promises, tables."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.figure import Figure, figures
from benchmarks.memory import EPOCHS, HIDDEN, each_further
from benchmarks.promises import promises
from benchmarks.report import Report, merge, read_report

HERE = {"processor": "A Processor", "isa": "avx2"}


def training(**samples: list[float]) -> list[Figure]:
    ways = {way.replace("_", " "): each for way, each in samples.items()}
    return figures("training", "M lstm", "tokens/s", ways)


def report(found: list[Figure]) -> Report:
    return Report(HERE, "2026-01-02T03:04:05+00:00", False, found)


def test_a_quotient_is_the_median_of_those_within_a_turn() -> None:
    base, ours = training(naive=[1.0, 10.0, 100.0], zoo=[2.0, 30.0, 400.0])
    assert ours.over(base) == 3.0


def perplexities(full: list[float], half: list[float], way: str = "bf16") -> list[Figure]:
    return figures("precision", "lstm", "perplexity", {"fp32": full, way: half})


def test_a_promise_is_met_by_the_floor_and_its_goal_told_apart() -> None:
    found = training(naive=[1.0], zoo_portable=[1.6], torch_nn=[1.0])
    said = {each.what: each.verdict for each in promises(found, "avx2")}
    assert said["portable, M lstm: × naive loop"] == "met"
    better = training(naive=[1.0], zoo_portable=[1.9])
    said = {each.what: each.verdict for each in promises(better, "avx2")}
    assert said["portable, M lstm: × naive loop"] == "goal met"
    worse = training(naive=[1.0], zoo_portable=[1.4])
    said = {each.what: each.verdict for each in promises(worse, "avx2")}
    assert said["portable, M lstm: × naive loop"] == "not met"


def test_bf16_is_held_to_the_spread_of_fp32_and_said_to_be_imitated_where_it_was() -> None:
    said = " lstm: median perplexity within the spread of fp32's seeds, 0 to 1"
    for half, place, verdict in ((1.25, 0.5, "met"), (1.0, -2.0, "met"), (1.4, 2.0, "not met")):
        for way in ("bf16", "bf16, imitated"):
            found = perplexities([1.2, 1.3], [half - 0.1, half, half + 1], way)
            made = {each.what: each for each in promises(found, "avx2")}[f"{way},{said}"]
            assert made.measured == pytest.approx(place)
            assert made.verdict == verdict


def test_text_is_promised_by_the_fastest_way_of_each_precision_which_is_named() -> None:
    ways = {"torch.nn": [1.0], "jax": [5.0], "zoo torch": [2.0]}
    ways |= {"zoo native": [9.0], "zoo native bf16": [42.0]}
    found = figures("generation", "M lstm", "symbols/s", ways)
    made = {each.what: each for each in promises(found, "avx2")}
    assert made["generation, M lstm, zoo native: × torch.nn"].verdict == "not met"
    assert made["generation, M lstm, zoo native: × jax"].measured == 1.8
    assert made["generation, M lstm, zoo native bf16: × torch.nn"].verdict == "goal met"
    assert made["generation, M gru, zoo: × jax"].verdict == "not measured"
    assert made["generation, M gru, zoo bf16: × jax"].verdict == "not measured"


def test_text_has_goals_in_bfloat16_and_for_the_lstm_alone() -> None:
    aimed = {each.what: each.goal for each in promises([], "avx2") if "generation" in each.what}
    assert len(aimed) == 24
    assert {what: goal for what, goal in aimed.items() if goal} == {
        f"generation, {case} lstm, zoo bf16: × {peer}": goal
        for case in "MF"
        for peer, goal in (("torch.nn", 40.0), ("jax", 6.0))
    }


@pytest.mark.parametrize("subject", ["training", "generation"])
def test_torch_is_taken_at_its_best_which_is_named(subject: str) -> None:
    what = {"training": "portable, M lstm: ×", "generation": "generation, M lstm, zoo portable: ×"}
    for without, peer, times in ((5.0, "torch.nn without oneDNN", 6.0), (3.0, "torch.nn", 7.5)):
        ways = {"torch.nn": [4.0], "torch.nn without oneDNN": [without], "torch.nn bf16": [99.0]}
        found = figures(subject, "M lstm", "1/s", ways | {"zoo portable": [30.0]})
        made = {each.what: each.measured for each in promises(found, "avx2")}
        assert made[f"{what[subject]} {peer}"] == times


def test_the_share_of_the_peak_is_a_quotient_of_the_same_turns() -> None:
    ways = {"a large product": [10.0, 20.0, 40.0], "zoo native": [7.0, 12.0, 26.0]}
    found = figures("peak", "M lstm fp32", "flop/s", ways)
    found += figures("peak", "M lstm bf16", "flop/s", ways | {"zoo native": [3.0, 12.0, 12.0]})
    made = {each.what: each for each in promises(found, "avx2 avx512f amx_bf16")}
    assert made["native, M lstm: share of the fp32 peak"].measured == 0.65
    assert made["native bf16, M lstm: share of the bf16 peak"].verdict == "not met"


def test_a_run_that_keeps_a_copy_of_its_model_each_epoch_breaks_its_promise() -> None:
    weights = HIDDEN * (HIDDEN + 2 * CASES["M"].symbols)
    for copies, verdict in ((0, "met"), (1, "not met")):
        megabytes = [500 + 4 * weights * copies * epoch / 1e6 for epoch in EPOCHS]
        found = figures("growth", "a further epoch", "kB", {"zoo train": [each_further(megabytes)]})
        said = {each.what: each.verdict for each in promises(found, "avx2")}
        assert said["growth: kB for each further epoch"] == verdict


def test_what_was_not_measured_is_said_to_be_so() -> None:
    assert {each.verdict for each in promises([], "avx2")} == {"not measured"}


def test_promises_of_an_instruction_set_are_made_where_it_is() -> None:
    def about(isa: str) -> str:
        return " ".join(each.what for each in promises([], isa))

    assert "native" not in about("baseline")
    assert all(each.what.startswith("portable") for each in promises([], "none"))
    assert "peak" not in about("avx2")
    assert "fp32 peak" in about("avx2 avx512f")
    assert "bf16 peak" in about("avx2 avx512f amx_bf16")


def test_a_bounded_report_tells_its_bound_and_the_promises_measured() -> None:
    bounded = replace(report(training(naive=[1.0], zoo_portable=[1.6])), level="none")
    assert "nothing compiled" in bounded.where()
    assert "| portable, M lstm: × naive loop | 1.5 | 1.8 | 1.6 | met |" in bounded.promises()
    assert "not measured" not in bounded.promises()


def test_a_report_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = report(training(naive=[1.0, 2.0], zoo=[3.0, 4.0]))
    path = tmp_path / "benchmarks.json"
    assert read_report(path) is None
    path.write_text(written.to_json(), "utf-8")
    assert read_report(path) == written


def test_the_table_names_quotient_and_figure() -> None:
    table = report(training(naive=[100.0], zoo=[250.0])).table("training")
    assert "| M lstm | 100 | 2.50 × (250) |" in table


def test_the_table_tells_the_spread_of_seeds() -> None:
    table = report(perplexities([1.2, 1.3, 1.1], [1.25])).table("precision")
    assert "| lstm | 1.200 (1.100 to 1.300) | 1.250 (1.250 to 1.250) |" in table


def test_what_moved_since_the_last_run_is_told_as_a_quotient() -> None:
    before = report(training(naive=[100.0], zoo=[250.0]))
    now = report(training(naive=[50.0], zoo=[200.0]))
    assert "- training: M lstm, zoo 2.5 → 4" in now.markdown(before)
    drifted = report(training(naive=[50.0], zoo=[150.0]))
    assert "Nothing moved" in drifted.markdown(before)


def test_a_case_measured_anew_replaces_the_old_one() -> None:
    old = report(training(naive=[1.0], gone=[1.0]))
    other = [replace(each, case="M gru") for each in training(naive=[5.0])]
    merged = merge(replace(old, figures=old.figures + other), training(naive=[2.0]))
    assert [(each.case, each.way, each.value) for each in merged] == [
        ("M gru", "naive", 5.0),
        ("M lstm", "naive", 2.0),
    ]


def test_cases_of_different_ways_or_units_have_tables_of_their_own() -> None:
    found = figures("growth", "layers", "tokens/s", {"1": [8.0], "2": [4.0]})
    found += figures("growth", "memory", "MB", {"80": [5.0]})
    layers, memory = report(found).table("growth").split("\n\n")
    assert layers.splitlines() == [
        "| tokens/s | 1 | 2 |", "| --- | --- | --- |", "| layers | 8 | 0.50 × (4) |"
    ]  # fmt: skip
    assert memory.splitlines() == ["| MB | 80 |", "| --- | --- |", "| memory | 5 |"]


def test_only_reports_measured_alike_are_comparable() -> None:
    versions = {"torch": "torch 9", "zoo-core": "zoo-core 1"}
    written = replace(report([]), machine=HERE | versions)
    for alike in ({"zoo-core": "zoo-core 2"}, {"jax": "jax 1"}):
        assert written.comparable(replace(written, machine=written.machine | alike))
    for other in ({"threads": "2 threads for each way"}, {"torch": "torch 10"}):
        assert not written.comparable(replace(written, machine=written.machine | other))
    with_jax = [replace(written, machine=written.machine | {"jax": f"jax {n}"}) for n in (1, 2)]
    assert not with_jax[0].comparable(with_jax[1])
    assert not written.comparable(replace(written, quick=True))


def test_a_subject_measured_on_another_day_tells_it() -> None:
    today = report([replace(each, date="2026-01-02T09") for each in training(naive=[1.0])])
    assert "Measured on 2026-01-02" not in today.markdown()
    old = [replace(each, case="M gru", date="2025-12-31T09") for each in today.figures]
    mixed = replace(today, figures=today.figures + old)
    for told in (mixed.markdown(), mixed.summary()):
        assert "Measured on 2025-12-31, 2026-01-02.\n\n| tokens/s |" in told


def test_a_figure_that_was_written_without_a_date_has_its_reports(tmp_path: Path) -> None:
    values = json.loads(report(training(naive=[1.0])).to_json())
    del values["figures"][0]["date"]
    path = tmp_path / "benchmarks.json"
    path.write_text(json.dumps(values), "utf-8")
    found = read_report(path)
    assert found
    assert found.figures[0].date == found.date
