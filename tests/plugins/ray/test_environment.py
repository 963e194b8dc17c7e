"""What differs between the machine of the command and a worker."""

from __future__ import annotations

import pytest

from zoo_ray.environment import Environment

pytestmark = pytest.mark.full

HERE = Environment("here", {"torch": "2.7.1", "zoo-lstm": "0.1.0"}, {})


def test_the_same_environment_has_no_differences() -> None:
    assert HERE._replace(host="there").differences(HERE) == []


@pytest.mark.parametrize(
    ("versions", "broken", "expected"),
    [
        ({"torch": "2.6.0", "zoo-lstm": "0.1.0"}, {}, "torch is 2.6.0, here 2.7.1"),
        ({"torch": "2.7.1"}, {}, "zoo-lstm 0.1.0 is missing"),
        (HERE.versions | {"zoo-owl": "1.0"}, {}, "zoo-owl 1.0 is there, and not here"),
        ({"torch": "2.7.1"}, {"zoo-lstm": "no module"}, "zoo-lstm is broken: no module"),
    ],
)
def test_a_difference_is_named(
    versions: dict[str, str], broken: dict[str, str], expected: str
) -> None:
    assert Environment("there", versions, broken).differences(HERE) == [expected]


def test_what_is_broken_on_both_is_no_difference() -> None:
    broken = {"zoo-owl": "no module"}
    driver = HERE._replace(broken=broken)
    assert Environment("there", HERE.versions, broken).differences(driver) == []


def test_this_process_tells_its_plugins() -> None:
    environment = Environment.here()
    assert {"Python", "torch", "zoo-core", "zoo-lstm", "zoo-ray"} <= environment.versions.keys()
