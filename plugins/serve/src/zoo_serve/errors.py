"""Errors that a client receives, in the form of OpenAI."""

from __future__ import annotations

from typing import Any, final

from zoo_core.errors import RefusedError, ZooError

INVALID = "invalid_request_error"
SERVER = "server_error"


@final
class ApiError(Exception):
    """An error that ends a request.

    Args:
        status: The status of HTTP.
        message: What happened and what to do.
        param: The field of the request that is wrong; empty if none is.
        code: A word that a program can compare; empty for none.
        headers: Further headers of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str = "",
        code: str = "",
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.code = code
        self.headers = headers or {}

    def to_json(self) -> dict[str, Any]:
        """Returns the object that the client receives."""
        kind = INVALID if self.status < 500 else SERVER
        error = {
            "message": self.message,
            "type": kind,
            "param": self.param or None,
            "code": self.code or None,
        }
        return {"error": error}


def to_api_error(error: ZooError, param: str = "") -> ApiError:
    """Returns the error of a client for one of the zoo: 400 for what was asked, else 500.

    Args:
        error: The error.
        param: The field of the request that it is about.
    """
    if isinstance(error, RefusedError):
        return ApiError(400, str(error), param=param)
    return ApiError(500, str(error))
