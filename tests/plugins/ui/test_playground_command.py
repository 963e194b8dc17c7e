"""The command of the playground generates what the page generates."""

from __future__ import annotations

import pytest

pytest.importorskip("zoo_ui")
pytestmark = pytest.mark.full


def test_options_that_are_the_commands_own_are_left_out() -> None:
    from zoo_ui.playground import Request

    request = Request("", 0.8, 0, 1.0, 200, 0)
    assert request.command("./a b") == (
        "zoo generate './a b' --length 200 --temperature 0.8 --seed 0"
    )
    request = Request("it's", 0.0, 5, 0.25, 1, 7)
    assert request.command("x") == (
        """zoo generate x --prompt 'it'"'"'s' --length 1 --temperature 0 --top-k 5 --top-p 0.25 """
        "--seed 7"
    )


def test_texts_of_two_streams_come_side_by_side_until_both_have_ended() -> None:
    from zoo_ui.playground import _side_by_side

    assert list(_side_by_side([iter("abc"), iter("x")]))[-1] == ["abc", "x"]
    assert list(_side_by_side([iter("abc")])) == [["abc", ""]]
