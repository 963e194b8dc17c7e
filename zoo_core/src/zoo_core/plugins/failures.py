"""What the code of a plugin raises, in one line with the place in the plugin's files."""

from __future__ import annotations

from zoo_core.plugins.discovery import every_plugin

CALLER = "zoo_cli"
"""The package whose commands every exception passes, though it is that of a plugin too."""
MAX_LENGTH = 300
"""Characters of the exception's own message."""


def describe_failure(error: BaseException) -> str:
    """Returns ``FILE, line N: TYPE: MESSAGE`` of an exception that is none of the zoo's own.

    The line is the innermost one of a plugin that the exception passed, whatever library raised it.
    Without such a line, only type and message are given.
    """
    message = " ".join(str(error).split())[:MAX_LENGTH]
    kind = type(error).__name__
    parts = [_place_in_plugin(error), kind, message]
    return ": ".join(filter(None, parts))


def _place_in_plugin(error: BaseException) -> str:
    packages = {plugin.module.partition(".")[0] for plugin in every_plugin()} - {CALLER}
    place, traceback = "", error.__traceback__
    while traceback is not None:
        module = str(traceback.tb_frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] in packages:
            place = f"{traceback.tb_frame.f_code.co_filename}, line {traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place
