"""Ratios, targets and tables from measurements."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from benchmarks.cases import CASES
from benchmarks.measurement import Measurement, measurements
from benchmarks.memory import EPOCHS, HIDDEN, kilobytes_per_epoch
from benchmarks.plot import plot
from benchmarks.report import (
    Report,
    add_run,
    markdown,
    merge,
    near_cases,
    read_reports,
    summary,
    to_json,
    with_report,
)
from benchmarks.targets import BF16, targets
from benchmarks.texts import replacements

HERE = {"processor": "A Processor", "isa": "avx2"}


def training(**samples: list[float]) -> list[Measurement]:
    implementations = {name.replace("_", " "): values for name, values in samples.items()}
    return measurements("training", "d2l lstm", "tokens/s", implementations)


def report(measured: list[Measurement]) -> Report:
    return Report(HERE, "2026-01-02T03:04:05+00:00", False, measured)


def test_a_ratio_is_the_median_of_the_ratios_within_a_turn() -> None:
    base, zoo = training(naive=[1.0, 10.0, 100.0], zoo=[2.0, 30.0, 400.0])
    assert zoo.over(base) == 3.0


def perplexities(
    full: list[float], half: list[float], implementation: str = "bf16"
) -> list[Measurement]:
    return measurements("precision", "lstm", "perplexity", {"fp32": full, implementation: half})


def test_a_target_is_met_by_its_floor_and_its_goal_is_a_verdict_of_its_own() -> None:
    measured = training(naive=[1.0], zoo_portable=[1.6], torch_nn=[1.0])
    verdicts = {target.what: target.verdict for target in targets(measured, "avx2")}
    assert verdicts["portable, d2l lstm: × naive loop"] == "met"
    better = training(naive=[1.0], zoo_portable=[1.9])
    verdicts = {target.what: target.verdict for target in targets(better, "avx2")}
    assert verdicts["portable, d2l lstm: × naive loop"] == "goal met"
    worse = training(naive=[1.0], zoo_portable=[1.4])
    verdicts = {target.what: target.verdict for target in targets(worse, "avx2")}
    assert verdicts["portable, d2l lstm: × naive loop"] == "not met"


def test_bf16_is_compared_with_the_spread_of_fp32_and_emulated_bf16_is_named() -> None:
    for bf16, position, verdict in ((1.25, 0.5, "met"), (1.0, -2.0, "met"), (1.4, 2.0, "not met")):
        for implementation in ("bf16", "bf16, emulated"):
            what = f"{implementation}, lstm: median perplexity within the spread of fp32's seeds"
            measured = perplexities([1.2, 1.3], [bf16 - 0.1, bf16, bf16 + 1], implementation)
            by_name = {target.what: target for target in targets(measured, "avx2")}
            assert by_name[f"{what}, 0 to 1"].measured == pytest.approx(position)
            assert by_name[f"{what}, 0 to 1"].verdict == verdict


def test_generation_targets_name_the_fastest_implementation_of_each_precision() -> None:
    implementations = {"torch.nn": [1.0], "jax": [5.0], "zoo torch": [2.0]}
    implementations |= {"zoo native": [9.0], "zoo native bf16": [42.0]}
    measured = measurements("generation", "d2l lstm", "symbols/s", implementations)
    by_name = {target.what: target for target in targets(measured, "avx2")}
    assert by_name["generation, d2l lstm, zoo native: × torch.nn"].verdict == "not met"
    assert by_name["generation, d2l lstm, zoo native: × jax"].measured == 1.8
    assert by_name["generation, d2l lstm, zoo native bf16: × torch.nn"].verdict == "goal met"
    assert by_name["generation, d2l gru, zoo: × jax"].verdict == "not measured"
    assert by_name["generation, d2l gru, zoo bf16: × jax"].verdict == "not measured"


def test_generation_has_goals_only_for_the_lstm_in_bfloat16() -> None:
    goals = {
        target.what: target.goal for target in targets([], "avx2") if "generation" in target.what
    }
    assert len(goals) == 24
    assert {what: goal for what, goal in goals.items() if goal} == {
        f"generation, {case} lstm, zoo bf16: × {peer}": goal
        for case in ("d2l", "fastai")
        for peer, goal in (("torch.nn", 40.0), ("jax", 6.0))
    }


def test_targets_without_compiled_code_name_the_faster_implementation() -> None:
    measured = training(naive=[1.0], zoo_torch=[1.6], zoo_portable=[1.4])
    verdicts = {target.what: target.verdict for target in targets(measured, "avx2")}
    assert verdicts["torch, d2l lstm: × naive loop"] == "met"
    assert "portable, d2l lstm: × naive loop" not in verdicts


@pytest.mark.parametrize("benchmark", ["training", "generation"])
def test_targets_name_the_faster_implementation_of_torch(benchmark: str) -> None:
    what = {
        "training": "portable, d2l lstm: ×",
        "generation": "generation, d2l lstm, zoo portable: ×",
    }
    for without, peer, times in ((5.0, "torch.nn without oneDNN", 6.0), (3.0, "torch.nn", 7.5)):
        implementations = {
            "torch.nn": [4.0],
            "torch.nn without oneDNN": [without],
            "torch.nn bf16": [99.0],
        }
        measured = measurements(
            benchmark, "d2l lstm", "1/s", implementations | {"zoo portable": [30.0]}
        )
        by_name = {target.what: target.measured for target in targets(measured, "avx2")}
        assert by_name[f"{what[benchmark]} {peer}"] == times


def test_the_share_of_the_peak_is_a_ratio_of_the_same_turns() -> None:
    implementations = {"a large product": [10.0, 20.0, 40.0], "zoo native": [7.0, 12.0, 26.0]}
    measured = measurements("peak", "d2l lstm fp32", "flop/s", implementations)
    measured += measurements(
        "peak", "d2l lstm bf16", "flop/s", implementations | {"zoo native": [3.0, 12.0, 12.0]}
    )
    by_name = {target.what: target for target in targets(measured, "avx2 avx512f amx_bf16")}
    assert by_name["native, d2l lstm: share of the fp32 peak"].measured == 0.65
    assert by_name["native bf16, d2l lstm: share of the bf16 peak"].verdict == "not met"


def peak_of(case: str, unit: str, fastest: str, share: float) -> list[Measurement]:
    return measurements("peak", case, unit, {fastest: [100.0], "zoo native": [100 * share]})


@pytest.mark.parametrize(
    ("share", "verdict"),
    [
        (0.75, "out of reach, 2.24 at most"),
        (0.6, "not met"),
        (1.1, "out of reach, 1.68 at most"),  # by noise; what was measured is possible
    ],
)
def test_a_floor_above_the_peak_of_the_processor_is_out_of_reach(
    share: float, verdict: str
) -> None:
    server = {"isa": "avx2 avx512f"}
    measured = training(naive=[1.0], torch_nn=[1.0], zoo_native=[1.68])
    measured += peak_of("d2l lstm fp32", "flop/s", "multiplying registers", share)
    table = replace(report(measured), machine=server).targets()
    assert f"| native, d2l lstm: × naive loop | 2.4 |  | 1.68 | {verdict} |" in table


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.9, "out of reach, 1.44 at most"), (0.8, "not met")]
)
def test_a_floor_above_the_products_of_torch_is_out_of_reach_without_compiled_code(
    share: float, verdict: str
) -> None:
    measured = training(naive=[1.0], zoo_portable=[1.3])
    speeds = {"the products of a step": [1.0], "zoo portable": [share]}
    measured += measurements("peak", "d2l lstm fp32", "flop/s", speeds)
    table = report(measured).targets()
    assert f"| portable, d2l lstm: × naive loop | 1.5 | 1.8 | 1.3 | {verdict} |" in table


@pytest.mark.parametrize(
    ("share", "verdict"), [(0.9, "out of reach, 1.78 at most"), (0.8, "not met")]
)
@pytest.mark.parametrize(("name", "precision"), [("zoo native", "fp32"), ("zoo native bf16", BF16)])
def test_a_text_that_cannot_read_the_weights_so_fast_is_out_of_reach(
    share: float, verdict: str, name: str, precision: str
) -> None:
    measured = measurements("generation", "d2l lstm", "symbols/s", {"jax": [1.0], name: [1.6]})
    measured += peak_of(f"d2l lstm, text, {precision}", "symbols/s", "reading the weights", share)
    (line,) = [
        line
        for line in report(measured).targets().splitlines()
        if line.startswith(f"| generation, d2l lstm, {name}: × jax | 2 |")
    ]
    assert line.endswith(f"| 1.6 | {verdict} |")


def test_a_run_that_keeps_a_copy_of_its_model_each_epoch_misses_its_target() -> None:
    weights = HIDDEN * (HIDDEN + 2 * CASES["d2l"].symbols)
    for copies, verdict in ((0, "met"), (1, "not met")):
        megabytes = [500 + 4 * weights * copies * epoch / 1e6 for epoch in EPOCHS]
        measured = measurements(
            "growth", "a further epoch", "kB", {"zoo train": [kilobytes_per_epoch(megabytes)]}
        )
        verdicts = {target.what: target.verdict for target in targets(measured, "avx2")}
        assert verdicts["growth: kB for each further epoch"] == verdict


def test_a_missing_measurement_is_reported() -> None:
    assert {row.verdict for row in targets([], "avx2")} == {"not measured"}


def test_targets_of_an_instruction_set_exist_only_with_it() -> None:
    def about(isa: str) -> str:
        return " ".join(row.what for row in targets([], isa))

    assert "native" not in about("baseline")
    assert all(row.what.startswith(("portable", "choice")) for row in targets([], "none"))
    assert "peak" not in about("avx2")
    assert "fp32 peak" in about("avx2 avx512f")
    assert "bf16 peak" in about("avx2 avx512f amx_bf16")


def test_a_report_with_limited_native_code_names_the_limit_and_the_measured_targets() -> None:
    bounded = replace(report(training(naive=[1.0], zoo_portable=[1.6])), level="none")
    assert "nothing compiled" in bounded.conditions()
    assert "| portable, d2l lstm: × naive loop | 1.5 | 1.8 | 1.6 | met |" in bounded.targets()
    assert "not measured" not in bounded.targets()


def test_a_report_of_limited_libraries_has_the_limit_in_its_title() -> None:
    bounded = replace(report(training(naive=[1.0])), level="avx2")
    assert bounded.summary().startswith("### A Processor, avx2, all libraries limited to AVX2\n")


def test_a_report_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    written = report(training(naive=[1.0, 2.0], zoo=[3.0, 4.0]))
    path = tmp_path / "benchmarks.json"
    assert read_reports(path) == []
    path.write_text(to_json([written]), "utf-8")
    assert read_reports(path) == [written]


def test_the_table_shows_ratio_and_value() -> None:
    table = report(training(naive=[100.0], zoo=[250.0])).table("training")
    assert "| d2l lstm | 100 | 2.50 × (250) |" in table


def test_the_table_shows_the_spread_of_seeds() -> None:
    table = report(perplexities([1.2, 1.3, 1.1], [1.25])).table("precision")
    assert "| lstm | 1.200 (1.100 to 1.300) | 1.250 (1.250 to 1.250) |" in table


def test_changes_since_the_last_report_are_shown_as_ratios() -> None:
    before = report(training(naive=[100.0], zoo=[250.0]))
    now = report(training(naive=[50.0], zoo=[200.0]))
    assert "- training: d2l lstm, zoo 2.5 → 4" in now.markdown(before)
    drifted = report(training(naive=[50.0], zoo=[150.0]))
    assert "Nothing moved" in drifted.markdown(before)


def test_a_new_measurement_of_a_case_takes_the_place_of_the_old_one() -> None:
    old = report(training(naive=[1.0], gone=[1.0]))
    other = [replace(row, case="d2l gru") for row in training(naive=[5.0])]
    new = report(training(naive=[2.0]))
    merged = merge(replace(old, measurements=old.measurements + other), new)
    assert [(row.case, row.implementation, row.value) for row in merged.measurements] == [
        ("d2l lstm", "naive", 2.0),
        ("d2l gru", "naive", 5.0),
    ]


def test_a_report_says_which_books_its_earlier_cases_did_not_read() -> None:
    old = report(training(naive=[1.0]))
    old = replace(old, machine=old.machine | replacements(["time-machine", "nietzsche"]))
    new = report(perplexities([1.2], [1.25]))
    new = replace(new, machine=new.machine | replacements(["nietzsche"]))
    texts = "python-docs in place of time-machine and nietzsche"
    assert merge(old, new).machine["texts"] == texts
    assert merge(replace(old, measurements=new.measurements), new) == new


def test_cases_of_other_implementations_or_units_have_separate_tables() -> None:
    measured = measurements("growth", "layers", "tokens/s", {"1": [8.0], "2": [4.0]})
    measured += measurements("growth", "memory", "MB", {"80": [5.0]})
    layers, memory = report(measured).table("growth").split("\n\n")
    assert layers.splitlines() == [
        "| tokens/s | 1 | 2 |", "| --- | --- | --- |", "| layers | 8 | 0.50 × (4) |"
    ]  # fmt: skip
    assert memory.splitlines() == ["| MB | 80 |", "| --- | --- |", "| memory | 5 |"]


def test_only_reports_of_the_same_conditions_are_comparable() -> None:
    versions = {"torch": "torch 9", "zoo-core": "zoo-core 1"}
    written = replace(report([]), machine=HERE | versions)
    for alike in ({"zoo-core": "zoo-core 2"}, {"jax": "jax 1"}):
        assert written.comparable(replace(written, machine=written.machine | alike))
    for other in ({"threads": "2 threads for each implementation"}, {"torch": "torch 10"}):
        assert not written.comparable(replace(written, machine=written.machine | other))
    with_jax = [replace(written, machine=written.machine | {"jax": f"jax {n}"}) for n in (1, 2)]
    assert not with_jax[0].comparable(with_jax[1])
    assert not written.comparable(replace(written, quick=True))


def test_a_benchmark_of_another_day_shows_its_dates() -> None:
    today = report([replace(row, date="2026-01-02T09") for row in training(naive=[1.0])])
    assert "Measured on 2026-01-02" not in today.markdown()
    old = [replace(row, case="d2l gru", date="2025-12-31T09") for row in today.measurements]
    mixed = replace(today, measurements=today.measurements + old)
    for text in (mixed.markdown(), mixed.summary()):
        assert "Measured on 2025-12-31, 2026-01-02.\n\n| tokens/s |" in text


def test_a_report_of_an_older_file_is_read_and_has_its_date_and_one_run(tmp_path: Path) -> None:
    written = report(training(naive=[1.0]))
    values = asdict(written)
    for name in ("date", "runs"):
        del values["measurements"][0][name]
    path = tmp_path / "benchmarks.json"
    path.write_text(json.dumps(values), "utf-8")
    (read,) = read_reports(path)
    assert read.place == written.place
    (row,) = read.measurements
    assert (row.date, row.runs) == (read.date, 1)


def test_reports_of_several_processors_are_kept_and_shown_side_by_side(tmp_path: Path) -> None:
    here = report(training(naive=[100.0], zoo=[250.0]))
    server = {"processor": "A Server", "isa": "avx2 avx512f amx_bf16"}
    there = replace(here, machine=server, measurements=training(naive=[1.0], zoo=[7.0]))
    newer = replace(here, date="2026-02-03T04:05:06+00:00")
    together = with_report([here, there], newer)
    assert together == [newer, there]
    assert with_report([here], there) == [here, there]
    path = tmp_path / "benchmarks.json"
    path.write_text(to_json(together), "utf-8")
    assert read_reports(path) == together
    for text in (markdown(together, newer, here), summary(together)):
        own, other = text.split("A Server, avx2 avx512f amx_bf16\n")
        assert "A Processor, avx2\n" in own
        assert "2.50 × (250)" in own
        assert "2026-02-03" in own
        assert "7.00 × (7)" in other
        assert "2026-01-02" in other
    assert markdown(together, newer, here).count("Since 2026-01-02") == 1
    assert plot(together).startswith(b"\x89PNG")


def test_a_target_near_its_floor_is_judged_by_the_median_of_its_runs() -> None:
    first = training(naive=[1.0] * 3, zoo_portable=[1.52, 1.52, 9.0])
    source = ("training", "d2l lstm")
    assert near_cases(first, "none") == {source}
    measured = first
    for speeds in ([1.4, 1.4, 9.0], [1.3, 1.3, 9.0]):
        measured = add_run(measured, training(naive=[1.0] * 3, zoo_portable=speeds))
    assert near_cases(measured, "none") == set()
    by_name = {target.what: target for target in targets(measured, "none")}
    target = by_name["portable, d2l lstm: × naive loop"]
    assert (target.measured, target.runs, target.verdict) == (1.4, 3, "not met")
    line = "| portable, d2l lstm: × naive loop | 1.5 | 1.8 | 1.4 (3 runs) | not met |"
    assert line in report(measured).targets()
    assert "1.52 (1 run)" in report(first).targets()


def test_targets_far_from_their_floor_are_judged_at_once() -> None:
    far = training(naive=[1.0], zoo_portable=[1.7], torch_nn=[1.0])
    assert near_cases(far, "none") == set()
    seeds = perplexities([1.2, 1.3], [1.3])  # which repeat exactly
    assert near_cases(seeds, "avx2") == set()


def test_the_noise_of_a_lost_share_is_measured_in_parts_of_the_whole() -> None:
    for lost, near in ((0.0, False), (4.0, True), (9.0, False)):
        measured = measurements("choice", "a size, lost by auto", "%", {"auto": [lost]})
        assert bool(near_cases(measured, "avx2")) is near
