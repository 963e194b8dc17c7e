"""The battery that every plugin of the zoo passes."""

import pytest

pytest.importorskip("zoo_core.testing", reason="this zoo-core has no battery yet")

from zoo_core.testing import conformance  # noqa: F401
