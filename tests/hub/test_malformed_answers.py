"""Answers of the Hub that lack a field or have one of another type, in a seeded table."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import Result, Zoo
from tests.hub.conftest import InTurn
from tests.hub.server import Fault, Hub

HOSTILE = "\x1b]0;owned\x07"
"""Sets the title of a terminal's window."""
OTHERS: list[Any] = [
    HOSTILE,
    None,
    True,
    7,
    -1,
    1.5,
    "",
    "x",
    "../../x",
    "0" * 40,
    [],
    [[]],
    {},
    {"x": []},
]
"""Values in the place of the right one."""
MISSING = object()
PULL_ROUTES = [r"GET /api/models/owner/{}$", r"paths-info", r"(HEAD|GET) .*/config.json"]
PUSH_ROUTES = [
    r"GET /api/models/owner/{}$",
    r"repos/create\n.*{}",
    r"validate-yaml\n[\s\S]*{}",
    r"/{}/branch/",
    r"/{}/preupload/",
    r"/{}\.git/info/lfs",
    r"/{}/commit/",
    r"/{}/paths-info/",
    r"/{}/refs",
]
Spoil = Callable[[Any], Any]


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The place of every value within a JSON value, the whole first."""
    yield path
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from nodes(value[key], (*path, key))


def spoiled(seed: int) -> Spoil:
    """Returns what removes a field of an answer, or gives it another value."""

    def spoil(answer: Any) -> Any:
        choice = random.Random(seed)
        path = choice.choice(list(nodes(answer)))
        other = choice.choice([MISSING, *OTHERS])
        if not path:
            return None if other is MISSING else other
        whole = copy.deepcopy(answer)
        parent = whole
        for key in path[:-1]:
            parent = parent[key]
        if other is MISSING:
            del parent[path[-1]]
        else:
            parent[path[-1]] = other
        return whole

    return spoil


def table(routes: list[str], count: int) -> list[tuple[str, Fault]]:
    """Returns the name of a repo and a fault of one of its answers, for each case."""
    cases = []
    for seed in range(count):
        name = f"case-{seed:03}"
        where = routes[seed % len(routes)].format(name)
        if name not in where:
            where = rf"(?=.*/{name}/).*{where}"
        cases.append((name, Fault(where, "answer", change=spoiled(seed))))
    return cases


def check_one_line(result: Result, codes: tuple[int, ...]) -> None:
    """Asserts an exit code and one line of error for every one but 0."""
    assert result.code in codes, (result.code, result.stderr)
    errors = [line for line in result.stderr.splitlines() if line.startswith("Error")]
    assert len(errors) == (1 if result.code else 0), result.stderr
    assert "Traceback" not in result.stderr
    assert "\x1b" not in result.stdout + result.stderr


def test_no_answer_makes_a_pull_end_in_more_than_a_line(
    hub: Hub, in_turn: InTurn, files: dict[str, bytes], tmp_path: Path
) -> None:
    cases = table(PULL_ROUTES, 60)
    for name, _ in cases:
        hub.repo(f"owner/{name}", files)
    hub.faults = [fault for _, fault in cases]
    targets = [tmp_path / name for name, _ in cases]
    results = in_turn(
        "pulls",
        [("pull", f"hub:owner/{target.name}", "--to", target) for target in targets],
    )
    assert not hub.faults
    for target, result in zip(targets, results, strict=True):
        check_one_line(result, (0, 3, 4, 5))
        assert target.exists() == (result.code == 0)
        if target.exists():
            pulled = {path.name: path.read_bytes() for path in target.iterdir()}
            assert {**files, **pulled} == files
            assert pulled.keys() >= {"config.json", "model.safetensors"}
    assert {result.code for result in results} >= {0, 5}


def test_a_repo_that_exists_is_pushed_to_whatever_its_409_says(
    hub: Hub, zoo: Zoo, hello: Path
) -> None:
    hub.repo("owner/hello", {})
    hub.faults = [Fault("repos/create", "answer", change=lambda _: {"error": "it exists"})]
    result = zoo("push", hello, "owner/hello")
    assert result.code == 0, result.stderr


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("sha", "../../x", "sha = '../../x': expected 40 hexadecimal digits"),
        ("sha", None, "sha = None: expected text"),
        ("sha", HOSTILE, r"sha = '\x1b]0;owned\x07': expected 40 hexadecimal digits"),
        ("id", "../x/y", "repo = '../x/y': expected owner/name"),
    ],
)
def test_a_field_of_another_form_is_named(
    hub: Hub, zoo: Zoo, files: dict[str, bytes], field: str, value: object, message: str
) -> None:
    hub.repo("owner/hello", files)
    change: Spoil = lambda answer: answer | {field: value}  # noqa: E731
    hub.faults = [Fault("GET /api/models", "answer", change=change)]
    result = zoo("pull", "hub:owner/hello")
    assert result.code == 5
    assert f"owner/hello: the answer of {hub.endpoint}: {message}" in result.stderr


def test_a_file_that_the_hub_ignores_is_named(hub: Hub, zoo: Zoo, hello: Path) -> None:
    def ignore(answer: Any) -> Any:
        return {"files": [file | {"shouldIgnore": True} for file in answer["files"]]}

    hub.repo("owner/hello", {})
    hub.faults = [Fault(r"preupload", "answer", change=ignore)]
    result = zoo("push", hello, "owner/hello")
    assert result.code == 5
    assert "without README.md, config.json" in result.stderr


def test_no_answer_makes_a_push_end_in_more_than_a_line_or_sends_it_twice(
    hub: Hub, in_turn: InTurn, hello: Path
) -> None:
    cases = table(PUSH_ROUTES, 63)
    for name, fault in cases:
        if "repos/create" not in fault.where:
            hub.repo(f"owner/{name}", {})
    hub.faults = [fault for _, fault in cases]
    options = {"refs": ("--create-pr",), "branch": ("--revision", "next")}
    commands = []
    for name, fault in cases:
        option = next((words for route, words in options.items() if route in fault.where), ())
        commands.append(("push", hello, f"owner/{name}", *option))
    results = in_turn("pushes", commands)
    assert not hub.faults
    for result in results:
        check_one_line(result, (0, 4, 5))
    assert {result.code for result in results} >= {0, 5}
    failed = [words for words, result in zip(commands, results, strict=True) if result.code]
    for result in in_turn("again", failed):
        assert result.code == 0, result.stderr
    for name, _ in cases:
        assert len(hub.repos[f"owner/{name}"].commits) == 2
