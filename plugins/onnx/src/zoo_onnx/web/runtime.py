"""ONNX Runtime Web, which runs a model in a browser: one pinned package of npm, downloaded once."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import tarfile
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.downloads.download import RemoteFile, fetch, read_verified
from zoo_core.errors import DataError, IntegrityError, NetworkError
from zoo_core.storage.locations import data_folder

VERSION = "1.30.0"
PACKAGE = RemoteFile(
    name=f"onnxruntime-web-{VERSION}.tgz",
    size=33_106_585,
    sha256="d2228df7e4616bc3348bf504ee888f3bec43789a273f0a63f3e68d203ce3bf71",
    mirrors=(),
)
"""The package; the configuration of npm says where it comes from."""
PUBLIC_REGISTRY = "https://registry.npmjs.org"
VARIABLE = "npm_config_registry"
NPM_SECONDS = 20.0
"""Seconds that npm may take to tell its registry."""
SCRIPT, WASM = "package/dist/ort.wasm.bundle.min.mjs", "package/dist/ort-wasm-simd-threaded.wasm"


@final
class WebRuntime(NamedTuple):
    """What a page needs of the package.

    Args:
        script: The text of the JavaScript module.
        wasm: The WebAssembly that the module runs.
    """

    script: str
    wasm: bytes


def load_runtime(path: Path | None = None) -> WebRuntime:
    """Returns ONNX Runtime Web.

    Args:
        path: A local copy of the package; None for the one in ``ZOO_HOME``, which is downloaded if
            it is not there yet.

    Raises:
        DataError: The copy cannot be read.
        IntegrityError: The copy, or the download, is another file.
        NetworkError: The registry cannot be reached; the message says where to put a copy.
        TargetError: ``ZOO_HOME`` cannot be written to.
    """
    if path is None:
        return _unpack(package_path().read_bytes())
    try:
        data = read_verified(PACKAGE, path, f"name the package {PACKAGE.name}")
    except OSError as error:
        raise DataError(f"cannot read {path}: {error.strerror}") from None
    return _unpack(data)


def package_path() -> Path:
    """Returns the package in ``ZOO_HOME``, which is downloaded if it is not there yet.

    Raises:
        IntegrityError: The package is another file than the pinned one.
        NetworkError: The registry cannot be reached; the message says where to put a copy.
        TargetError: ``ZOO_HOME`` cannot be written to.
    """
    package = PACKAGE
    if not (data_folder() / package.name).exists():
        address = f"{registry().rstrip('/')}/onnxruntime-web/-/{package.name}"
        package = replace(package, mirrors=(address,))
    try:
        return fetch(package, data_folder())
    except NetworkError as error:
        raise NetworkError(f"{error}, or named with --runtime") from None


def registry() -> str:
    """Returns the registry that npm is configured to use.

    That is the environment's ``npm_config_registry``, what npm says where it is installed, or a
    line of ``~/.npmrc``; otherwise the public one.
    """
    for name, value in os.environ.items():
        if name.lower() == VARIABLE and value:
            return value
    if npm := shutil.which("npm"):
        command = [npm, "config", "get", "registry"]
        try:
            asked = subprocess.run(
                command, capture_output=True, text=True, check=True, timeout=NPM_SECONDS
            )
        except (OSError, subprocess.SubprocessError):
            return PUBLIC_REGISTRY
        return asked.stdout.strip() or PUBLIC_REGISTRY
    try:
        settings = (Path.home() / ".npmrc").read_text("utf-8")
    except (OSError, RuntimeError, UnicodeDecodeError):
        return PUBLIC_REGISTRY
    line = re.search(r"^\s*registry\s*=\s*(\S+)", settings, re.M)
    return line[1] if line else PUBLIC_REGISTRY


def _unpack(data: bytes) -> WebRuntime:
    """Returns the two files of the package that a page needs."""
    found: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
        for member in archive:
            if member.name in (SCRIPT, WASM) and (file := archive.extractfile(member)):
                found[member.name] = file.read()
            if len(found) == 2:
                return WebRuntime(found[SCRIPT].decode(), found[WASM])
    raise IntegrityError(f"{PACKAGE.name} has no {SCRIPT} and {WASM}")
