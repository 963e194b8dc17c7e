"""What a task sends to the driver: bytes of JSON and files, which Ray passes on unread.

A parcel is a line of JSON, its head, and a payload.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, final


@final
class Parcel(NamedTuple):
    """A parcel.

    Args:
        kind: ``begun``, ``events``, ``file``, ``ended`` or ``refused``.
        values: What the head holds beside the kind.
        payload: Lines of events, or a part of a file.
    """

    kind: str
    values: dict[str, Any]
    payload: bytes = b""

    def to_bytes(self) -> bytes:
        """Returns the parcel as bytes."""
        head = json.dumps({"kind": self.kind, **self.values})
        return head.encode() + b"\n" + self.payload

    @classmethod
    def from_bytes(cls, data: bytes) -> Parcel:
        """Returns the parcel of bytes."""
        head, _, payload = data.partition(b"\n")
        values = json.loads(head)
        return cls(values.pop("kind"), values, payload)
