"""The rules that a plugin keeps, as checks: for ``zoo plugins check`` and for an author's tests.

One line in a test file runs the whole suite, with one test for every part of the plugin and every
rule:

    from zoo_core.testing import conformance
"""

from zoo_core.testing.pytest_plugin import conformance as conformance
