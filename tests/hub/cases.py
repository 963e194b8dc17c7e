"""Every fault between the zoo and the Hub that the tests provoke, and its expected outcome."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, final

import numpy as np
from safetensors.numpy import save

from tests.hub.server import Fault

LARGE, COMMIT = r"GET /large/", r"POST .*/commit/"
WEIGHTS, MANIFEST = "model.safetensors", "config.json"
WHOLE = "the checkpoint, byte for byte"
NOTHING = "nothing at the target"
PART = "nothing at the target; the next pull resumes the download"
QUARANTINE = "nothing at the target; the download is kept as `.quarantine`"
ONE = "one commit"
NONE = "no commit, no folder"
BUILT = "no commit; the built folder; a later push sends nothing twice"
SHORT_TIMEOUTS = {"HF_HUB_ETAG_TIMEOUT": "1", "HF_HUB_DOWNLOAD_TIMEOUT": "1"}
UNREACHABLE = {"HF_ENDPOINT": "http://127.0.0.1:9"}
Files: TypeAlias = dict[str, bytes]
ChangeFiles: TypeAlias = Callable[[Files], Files]


@final
@dataclass(frozen=True)
class Case:
    """One fault.

    Args:
        fault: What goes wrong.
        code: The exit code of the command.
        message: A part of its stderr.
        outcome: What exists afterwards.
        flags: Arguments of the command.
        faults: What the server does.
        change_files: Changes the files of the repo, or of the folder to be pushed.
        repo: Properties of the repo.
        pinned: Whether a registry pins the unchanged checkpoint.
        settings: Environment variables of the command.
    """

    fault: str
    code: int
    message: str
    outcome: str
    flags: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()
    change_files: ChangeFiles = dict
    repo: Mapping[str, object] = field(default_factory=dict)
    pinned: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)


def always(where: str, kind: str, value: int = 0) -> tuple[Fault, ...]:
    """A fault of every request that matches."""
    return (Fault(where, kind, value),) * 30


def holding(name: str, data: bytes) -> ChangeFiles:
    """Replaces a file."""
    return lambda files: files | {name: data}


def without(name: str) -> ChangeFiles:
    """Removes a file."""
    return lambda files: {path: data for path, data in files.items() if path != name}


def truncated(files: Files) -> Files:
    """Cuts the end of the weights off."""
    return files | {WEIGHTS: files[WEIGHTS][:-8]}


def flipped(files: Files) -> Files:
    """Flips one bit of the weights."""
    return files | {WEIGHTS: files[WEIGHTS][:-1] + bytes([files[WEIGHTS][-1] ^ 1])}


def archive() -> bytes:
    """A zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer:
        writer.writestr("data.pkl", b"")
    return file.getvalue()


OTHER_WEIGHTS = save({"output.bias": np.zeros(4, np.float32)})
LFS_POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
PULLS = [
    Case("503, once", 0, "", WHOLE, faults=(Fault("GET /api", "status", 503),)),
    Case("429, once", 0, "", WHOLE, faults=(Fault("paths-info", "status", 429),)),
    Case("500 from the store, once", 0, "", WHOLE, faults=(Fault(LARGE, "status", 500),)),
    Case("a reset, once", 0, "", WHOLE, faults=(Fault("HEAD .*safetensors", "reset"),)),
    Case("a reset of the store, once", 0, "", WHOLE, faults=(Fault(LARGE, "reset"),)),
    Case("weights that break off", 0, "", WHOLE, faults=(Fault(LARGE, "cut", 100),)),
    Case(
        "weights that break off, and a store without Range",
        0,
        "",
        WHOLE,
        faults=(Fault(LARGE, "cut", 100), Fault(LARGE, "ranges")),
    ),
    Case("the repo has moved", 0, "has moved to", WHOLE, repo={"moved": "owner/renamed"}),
    Case(
        "weights that break off, always",
        5,
        "broke off",
        PART,
        faults=always(LARGE, "cut", 100),
    ),
    Case(
        "503, always", 5, "the Hub answers 503", NOTHING, faults=always("GET /api", "status", 503)
    ),
    Case("429, always", 5, "the Hub answers 429", NOTHING, faults=always("paths", "status", 429)),
    Case("502 from the store, always", 5, "HTTP 502", NOTHING, faults=always(LARGE, "status", 502)),
    Case("403 from the store", 5, "HTTP 403", NOTHING, faults=always(LARGE, "status", 403)),
    Case(
        "no answer",
        5,
        "cannot reach",
        NOTHING,
        faults=always("GET /api", "silent"),
        settings=SHORT_TIMEOUTS,
    ),
    Case(
        "no answer of the store",
        5,
        "timed out",
        NOTHING,
        faults=always(LARGE, "silent"),
        settings=SHORT_TIMEOUTS,
    ),
    Case("nothing listens at the endpoint", 5, "cannot reach", NOTHING, settings=UNREACHABLE),
    Case(
        "`HF_HUB_OFFLINE=1`", 5, "HF_HUB_OFFLINE is set", NOTHING, settings={"HF_HUB_OFFLINE": "1"}
    ),
    Case("no such repo", 3, "no repo", NOTHING, flags=("hub:owner/nobody",)),
    Case("no such branch", 3, "no such revision", NOTHING, flags=("hub:owner/hello@nowhere",)),
    Case("no such commit", 3, "no such revision", NOTHING, flags=(f"hub:owner/hello@{'0' * 40}",)),
    Case(
        "a private repo, without a token",
        3,
        "if it is private, log in",
        NOTHING,
        repo={"private": True},
        settings={"HF_TOKEN": ""},
    ),
    Case("a gated repo", 5, "is gated: ask for access", NOTHING, repo={"gated": True}),
    Case(
        "a token that the Hub does not accept",
        5,
        "does not accept the token",
        NOTHING,
        settings={"HF_TOKEN": "hf_wrong"},
    ),
    Case(
        "a token with an invalid character",
        5,
        "a character that no token has",
        NOTHING,
        settings={"HF_TOKEN": "hf_pasted\u200b"},
    ),
    Case(
        "a repo without a manifest",
        3,
        "it has no config.json",
        NOTHING,
        change_files=without(MANIFEST),
    ),
    Case(
        "a repo without weights",
        3,
        "has no model.safetensors",
        NOTHING,
        change_files=without(WEIGHTS),
    ),
    Case(
        "a flipped byte of the weights",
        4,
        "the Hub says",
        QUARANTINE,
        faults=(Fault(LARGE, "flip"),),
    ),
    Case(
        "a flipped byte of the manifest",
        4,
        "has the git hash",
        QUARANTINE,
        faults=(Fault("GET .*config.json", "flip"),),
    ),
    Case(
        "other bytes than the registry pins",
        4,
        "registry says",
        NOTHING,
        change_files=flipped,
        pinned=True,
    ),
    Case(
        "another size than the registry pins",
        4,
        "registry says",
        NOTHING,
        change_files=truncated,
        pinned=True,
    ),
    Case("truncated weights", 4, "config.json says", NOTHING, change_files=truncated),
    Case(
        "weights of another model",
        4,
        "config.json says",
        NOTHING,
        change_files=holding(WEIGHTS, OTHER_WEIGHTS),
    ),
    Case("an empty file as weights", 4, "has 0 bytes", NOTHING, change_files=holding(WEIGHTS, b"")),
    Case(
        "a Git LFS pointer as weights",
        4,
        "Git LFS pointer",
        NOTHING,
        change_files=holding(WEIGHTS, LFS_POINTER),
    ),
    Case(
        "a web page as weights",
        4,
        "a web page",
        NOTHING,
        change_files=holding(WEIGHTS, b"<!DOCTYPE html>"),
    ),
    Case(
        "a zip archive as weights",
        4,
        "a zip archive",
        NOTHING,
        change_files=holding(WEIGHTS, archive()),
    ),
    Case(
        "a pickle as weights",
        4,
        "a pickle",
        NOTHING,
        change_files=holding(WEIGHTS, pickle.dumps({})),
    ),
    Case("gzip as weights", 4, "gzip", NOTHING, change_files=holding(WEIGHTS, gzip.compress(b"a"))),
    Case(
        "a manifest that is not JSON",
        4,
        "not JSON",
        NOTHING,
        change_files=holding(MANIFEST, b"nothing"),
    ),
    Case(
        "a manifest that is not an object",
        4,
        "not a JSON object",
        NOTHING,
        change_files=holding(MANIFEST, b"[]"),
    ),
    Case(
        "a manifest of a later format",
        4,
        "this core reads 1 to 2; upgrade zoo-core",
        NOTHING,
        change_files=holding(MANIFEST, json.dumps({"format": 3}).encode()),
    ),
]
PUSHES = [
    Case(
        "503 when the repo is made, once",
        0,
        "",
        ONE,
        faults=(Fault("repos/create", "status", 503),),
    ),
    Case("500 before the upload, once", 0, "", ONE, faults=(Fault("preupload", "status", 500),)),
    Case("503 from the store, once", 0, "", ONE, faults=(Fault(r"PUT /large/", "status", 503),)),
    Case("502 on the commit, once", 0, "", ONE, faults=(Fault(COMMIT, "status", 502),)),
    Case("a reset on the commit, once", 0, "", ONE, faults=(Fault(COMMIT, "reset"),)),
    Case("the commit is made, the answer is lost", 0, "", ONE, faults=(Fault(COMMIT, "lost"),)),
    Case(
        "the pull request is opened, the answer is lost",
        0,
        "",
        ONE,
        flags=("--create-pr",),
        faults=(Fault(COMMIT, "lost"),),
    ),
    Case(
        "503 when the repo is made, always", 5, "503", BUILT, faults=always("create", "status", 503)
    ),
    Case("503 before the upload, always", 5, "503", BUILT, faults=always("preup", "status", 503)),
    Case("503 on the commit, always", 5, "503", BUILT, faults=always(COMMIT, "status", 503)),
    Case("403 on the commit", 5, "does not allow", BUILT, faults=always(COMMIT, "status", 403)),
    Case(
        "somebody else pushes meanwhile",
        5,
        "meanwhile",
        BUILT,
        faults=(Fault(COMMIT, "status", 412),),
    ),
    Case(
        "no answer when the repo is made",
        5,
        "cannot reach",
        BUILT,
        faults=always("create", "silent"),
        settings=SHORT_TIMEOUTS,
    ),
    Case(
        "no answer to the commit, which is made",
        0,
        "",
        ONE,
        faults=(Fault(COMMIT, "unanswered"),),
        settings=SHORT_TIMEOUTS,
    ),
    Case("nothing listens at the endpoint", 5, "cannot reach", BUILT, settings=UNREACHABLE),
    Case("`HF_HUB_OFFLINE=1`", 5, "HF_HUB_OFFLINE is set", BUILT, settings={"HF_HUB_OFFLINE": "1"}),
    Case(
        "a token that the Hub does not accept",
        5,
        "does not accept the token",
        BUILT,
        settings={"HF_TOKEN": "hf_wrong"},
    ),
    Case(
        "a pickle in the folder",
        6,
        "is a pickle",
        NONE,
        change_files=holding("model.pt", b"\x80\x04."),
    ),
    Case("truncated weights", 4, "the manifest says", NONE, change_files=truncated),
    Case("no weights", 4, "is missing", NONE, change_files=without(WEIGHTS)),
    Case("no manifest", 6, "is unfinished: zoo resume", NONE, change_files=without(MANIFEST)),
]
