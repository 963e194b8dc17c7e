"""Conformance checks: the rules that every plugin must keep.

``zoo plugins check`` runs them, and one line in a test file makes pytest run them, one test for
every rule and every part of the plugin:

    from zoo_core.testing import conformance
"""

from zoo_core.testing.pytest_plugin import conformance as conformance
