"""The rules that every plugin of the zoo keeps, one test each."""

from zoo_core.testing import conformance  # noqa: F401  # pytest makes tests of it
