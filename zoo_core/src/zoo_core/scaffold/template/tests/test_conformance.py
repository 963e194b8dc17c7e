"""The rules that every plugin of the zoo keeps, a test for each."""

from zoo_core.testing import conformance  # noqa: F401  # pytest makes tests of it
