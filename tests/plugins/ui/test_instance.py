"""One ``zoo ui`` at a time for a ``ZOO_HOME``."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.errors import TargetError

pytestmark = pytest.mark.full


def test_a_second_page_is_told_where_the_first_is(isolation: Path) -> None:
    from zoo_ui.instance import only_instance, write_address

    with only_instance() as address:
        with pytest.raises(TargetError, match="is just starting"), only_instance():
            pass
        write_address(address, "http://127.0.0.1:7860")
        place = r"at http://127.0.0.1:7860; .*kill -INT \d+"
        with pytest.raises(TargetError, match=place), only_instance():
            pass
    with only_instance():  # the first has ended
        assert not address.exists()


def test_what_a_killed_page_leaves_is_ignored(isolation: Path) -> None:
    from zoo_ui.instance import only_instance, write_address

    folder = isolation / "ui"
    folder.mkdir()
    (folder / "LOCK").touch()
    write_address(folder / "address.json", "http://127.0.0.1:1")
    with only_instance() as address:
        assert not address.exists()
