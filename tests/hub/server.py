"""A Hub on loopback that speaks the protocol of the client library, with faults on demand."""

from __future__ import annotations

import base64
import contextlib
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, NamedTuple, final
from urllib.parse import parse_qs, unquote, urlsplit

from tests.hub.store import Repo, is_large, record, sha256

TOKEN = "hf_secretsecretsecret"
WITHOUT_A_REPO = ("/api/repos/create", "/api/validate-yaml")
"""Paths that name no repo."""


@final
class Fault(NamedTuple):
    """A fault of the next request that matches.

    Args:
        where: A pattern that is searched in the method and path, and in the body where neither
            names a repo.
        kind: ``status``; ``cut`` and ``flip`` for content that ends early or has a wrong bit;
            ``slow`` for an answer that comes late; ``silent`` for none until the client gives
            up; ``reset``; ``ranges`` for a server that knows no Range; ``lost`` for a commit that
            is made and whose connection is closed, ``unanswered`` for one that is made and kept
            silent about; ``first`` and ``then`` for something that happens before or after the
            answer; ``answer`` for JSON or headers of another form.
        value: The status, after how many bytes to cut, or seconds before a slow answer.
        then: What ``first`` and ``then`` call.
        change: The JSON or the headers of the answer, from those that are right.
    """

    where: str
    kind: str
    value: int = 0
    then: Callable[[], object] = bool
    change: Callable[[Any], Any] = dict


@final
class Hub(ThreadingHTTPServer):
    """The Hub.

    Attributes:
        repos: The repos by name.
        objects: The large files by sha256.
        faults: The faults to come; each of them happens once.
        ranges: The Range headers of all requests.
        chunks: The folder for content that is sent by Xet.
        requests: The method and path of every request.
        sent: The first line, the headers and the body of every request.
        tokens: The Authorization header of every request to the store of large files.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.repos: dict[str, Repo] = {}
        self.objects: dict[str, bytes] = {}
        self.faults: list[Fault] = []
        self.requests: list[str] = []
        self.sent: list[bytes] = []
        self.ranges: list[str] = []
        self.chunks = ""
        self.tokens: list[str] = []

    @property
    def port(self) -> int:
        """The port: 127.0.0.1 is the Hub, localhost is the store of large files."""
        return int(self.server_address[1])

    @property
    def endpoint(self) -> str:
        """The value for HF_ENDPOINT."""
        return f"http://127.0.0.1:{self.port}"

    def repo(self, name: str, files: dict[str, bytes] | None = None, **properties: Any) -> Repo:
        """Makes a repo with a first commit."""
        repo = self.repos[name] = Repo(name, **properties)
        repo.commit(files or {})
        self.objects |= {sha256(data): data for path, data in (files or {}).items()}
        return repo


@contextmanager
def running_hub() -> Iterator[Hub]:
    """A Hub that runs while inside."""
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


@final
class Refusal(Exception):
    """An error as the answer to a request."""

    def __init__(self, status: int, code: str = "", message: str = "", location: str = "") -> None:
        super().__init__(message)
        self.status, self.message = status, message
        self.headers = {"X-Error-Code": code, "X-Error-Message": message, "Location": location}


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else each body waits 40 ms for the headers to be acknowledged
    ROUTES: ClassVar[list[tuple[str, str]]] = [
        (r"GET /api/whoami-v2", "whoami"),
        (r"GET /api/agent-harnesses", "nothing"),
        (r"POST /api/validate-yaml", "nothing"),
        (r"POST /api/repos/create", "create"),
        (r"GET /api/models/(?P<name>[^/]+/[^/]+)(/revision/(?P<revision>[^/]+))?", "info"),
        (r"POST /api/models/(?P<name>[^/]+/[^/]+)/paths-info/(?P<revision>[^/]+)", "paths"),
        (r"GET /api/models/(?P<name>[^/]+/[^/]+)/refs", "refs"),
        (r"POST /api/models/(?P<name>[^/]+/[^/]+)/branch/(?P<revision>[^/]+)", "branch"),
        (r"POST /api/models/(?P<name>[^/]+/[^/]+)/preupload/(?P<revision>[^/]+)", "preupload"),
        (r"POST /api/models/(?P<name>[^/]+/[^/]+)/commit/(?P<revision>[^/]+)", "commit"),
        (r"GET /api/models/(?P<name>[^/]+/[^/]+)/xet-write-token/(?P<revision>[^/]+)", "xet"),
        (r"POST /(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", "batch"),
        (r"PUT /large/(?P<oid>[0-9a-f]{64})", "put"),
        (r"POST /large/verify", "nothing"),
        (r"(HEAD|GET) /large/(?P<oid>[0-9a-f]{64})", "large"),
        (r"(HEAD|GET) /(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)", "file"),
    ]

    def answer(self) -> None:
        """Finds the route of a request and calls it, with a fault if one matches."""
        hub, parts = self.server, urlsplit(self.path)
        line = f"{self.command} {parts.path}"
        hub.requests.append(line)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            self.body = self._chunks()
        hub.sent.append(b"\n".join([self.requestline.encode(), bytes(self.headers), self.body]))
        self.query = parse_qs(parts.query)
        self.fault = self.next_fault(line)
        try:
            if self.fault and self.fault.kind == "first":
                self.fault.then()
            if self.fault and self.fault.kind == "slow":
                time.sleep(self.fault.value)
            if self.fault and self.fault.kind == "silent":
                self.wait_for_hangup()
                return
            if self.fault and self.fault.kind == "reset":
                self.close_connection = True
                self.connection.close()
                return
            if self.fault and self.fault.kind == "status":
                raise Refusal(self.fault.value)
            for pattern, name in self.ROUTES:
                if match := re.fullmatch(pattern, line):
                    arguments = {
                        key: unquote(text or "") for key, text in match.groupdict().items()
                    }
                    route: Callable[..., None] = getattr(self, f"on_{name}")
                    route(**arguments)
                    break
            else:
                raise Refusal(404)
        except Refusal as refusal:
            self.refuse(refusal)
        if self.fault and self.fault.kind == "then":
            self.fault.then()

    def next_fault(self, line: str) -> Fault | None:
        """Takes the next fault of such a request from the list."""
        if urlsplit(self.path).path in WITHOUT_A_REPO:
            line += "\n" + self.body.decode()
        faults = self.server.faults
        fault = next((fault for fault in faults if re.search(fault.where, line)), None)
        if fault:
            faults.remove(fault)
        return fault

    do_GET = do_HEAD = do_POST = do_PUT = answer

    def on_nothing(self) -> None:
        """Answers with an empty object."""
        self.json({})

    def on_whoami(self) -> None:
        """The owner of the token."""
        self.token_needed()
        self.json({"type": "user", "name": "owner", "auth": {"accessToken": {"role": "write"}}})

    def on_create(self) -> None:
        """Makes a repo, or answers 409 if it exists."""
        self.token_needed()
        request = json.loads(self.body)
        name = f"{request.get('organization') or 'owner'}/{request['name']}"
        url = {"url": f"{self.server.endpoint}/{name}"}
        if name in self.server.repos:
            self.json(url, status=409)
            return
        self.server.repo(name, private=request.get("visibility") == "private")
        self.json(url)

    def on_info(self, name: str, revision: str) -> None:
        """A repo and its commit."""
        repo = self.readable(name)
        sha = self.commit_of(repo, revision or "main")
        self.json({"id": repo.name, "sha": sha, "siblings": [], "private": repo.private})

    def on_paths(self, name: str, revision: str) -> None:
        """Sizes and hashes of files."""
        repo = self.readable(name)
        files = repo.commits[self.commit_of(repo, revision)]
        paths = parse_qs(self.body.decode())["paths"]
        self.json([record(path, files[path]) for path in paths if path in files])

    def on_refs(self, name: str) -> None:
        """Branches and pull requests."""
        repo = self.readable(name)
        refs = [
            {"name": branch, "ref": branch, "targetCommit": sha}
            for branch, sha in repo.branches.items()
        ]
        requests = [ref for ref in refs if ref["ref"].startswith("refs/pr/")]
        heads = [ref for ref in refs if ref not in requests]
        self.json({"branches": heads, "tags": [], "converts": [], "pullRequests": requests})

    def on_branch(self, name: str, revision: str) -> None:
        """Makes a branch."""
        self.token_needed()
        repo = self.readable(name)
        if revision in repo.branches:
            raise Refusal(409)
        repo.branches[revision] = repo.branches["main"]
        self.json({})

    def on_preupload(self, name: str, revision: str) -> None:
        """Answers where every file is sent to, and which files exist already."""
        self.token_needed()
        repo = self.readable(name)
        files = repo.commits[self.commit_of(repo, revision)]
        answer = []
        for file in json.loads(self.body)["files"]:
            path = file["path"]
            mode = "lfs" if is_large(path) else "regular"
            row = {"path": path, "uploadMode": mode, "shouldIgnore": False}
            if path in files:
                data = files[path]
                row["oid"] = sha256(data) if is_large(path) else record(path, data)["oid"]
            answer.append(row)
        self.json({"files": answer})

    def on_batch(self, name: str) -> None:
        """Answers where large files are sent to."""
        self.token_needed()
        self.readable(name)
        store = f"http://localhost:{self.server.port}/large"
        objects = []
        for large_file in json.loads(self.body)["objects"]:
            oid = large_file["oid"]
            answer = {"oid": oid, "size": large_file["size"]}
            if oid not in self.server.objects:
                answer["actions"] = {
                    "upload": {"href": f"{store}/{oid}"},
                    "verify": {"href": f"{store}/verify"},
                }
            objects.append(answer)
        self.json({"transfer": "basic", "objects": objects})

    def on_xet(self, name: str, revision: str) -> None:
        """Answers where chunks are sent to: a folder, as in the client's own tests."""
        self.token_needed()
        url, expiration = f"local://{self.server.chunks}", int(time.time()) + 3600
        headers = {
            "X-Xet-Cas-Url": url,
            "X-Xet-Access-Token": "chunks",
            "X-Xet-Token-Expiration": str(expiration),
            "Content-Type": "application/json",
        }
        answer = {"casUrl": url, "accessToken": "chunks", "exp": expiration}
        self.send(json.dumps(answer).encode(), headers=headers)

    def on_put(self, oid: str) -> None:
        """Takes a large file."""
        self.server.tokens.append(self.headers.get("Authorization", ""))
        if sha256(self.body) != oid:
            raise Refusal(422)
        self.server.objects[oid] = self.body
        self.json({})

    def on_commit(self, name: str, revision: str) -> None:
        """Makes one commit."""
        self.token_needed()
        repo = self.readable(name)
        lines = [json.loads(line) for line in self.body.splitlines() if line.strip()]
        head = self.commit_of(repo, revision)
        parent = next(line["value"] for line in lines if line["key"] == "header").get(
            "parentCommit"
        )
        if parent and parent != head:
            raise Refusal(412, message="the branch has moved")
        files = dict(repo.commits[head])
        for line in lines:
            value = line["value"]
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.objects[value["oid"]]
        request = "create_pr" in self.query
        branch = f"refs/pr/{len(repo.branches)}" if request else revision
        sha = repo.commit(files, branch)
        if self.fault and self.fault.kind == "unanswered":
            self.wait_for_hangup()
            return
        if self.fault and self.fault.kind == "lost":
            self.close_connection = True
            self.connection.close()
            return
        answer = {
            "success": True,
            "commitOid": sha,
            "commitUrl": f"{self.server.endpoint}/{name}/commit/{sha}",
        }
        if request:
            answer["pullRequestUrl"] = f"{self.server.endpoint}/{name}/discussions/1"
        self.json(answer)

    def on_file(self, name: str, revision: str, path: str) -> None:
        """A file of a commit, or a redirect to the store of large files."""
        repo = self.readable(name)
        sha = self.commit_of(repo, revision)
        data = repo.commits[sha].get(path)
        if data is None:
            raise Refusal(404, "EntryNotFound", "no such file")
        headers = {"X-Repo-Commit": sha, "ETag": f'"{record(path, data)["oid"]}"'}
        if is_large(path):
            oid = sha256(data)
            headers |= {"X-Linked-ETag": f'"{oid}"', "X-Linked-Size": str(len(data))}
            headers["Location"] = f"http://localhost:{self.server.port}/large/{oid}"
        if self.fault and self.fault.kind == "answer":
            headers = self.fault.change(headers)
        if is_large(path):
            self.send(b"", status=302, headers=headers)
            return
        self.send(data, headers=headers)

    def on_large(self, oid: str) -> None:
        """A large file."""
        self.server.tokens.append(self.headers.get("Authorization", ""))
        self.send(self.server.objects[oid])

    def readable(self, name: str) -> Repo:
        """The repo, if the request may read it."""
        repo = self.server.repos.get(name)
        authorization = self.headers.get("Authorization", "")
        if authorization and authorization != f"Bearer {TOKEN}":
            raise Refusal(401, message="Invalid credentials in Authorization header")
        if repo is None or (repo.private and not authorization):
            raise Refusal(404 if authorization else 401, "RepoNotFound", "Repository not found")
        if repo.gated:
            raise Refusal(403, "GatedRepo", "Access to this model is restricted")
        if repo.redirects:
            raise Refusal(307, location=self.path.replace(repo.name, repo.moved))
        return self.server.repos[repo.moved] if repo.moved else repo

    def commit_of(self, repo: Repo, revision: str) -> str:
        """The commit that a revision means."""
        sha = repo.find(revision)
        if sha is None:
            raise Refusal(404, "RevisionNotFound", "Invalid rev id")
        return sha

    def token_needed(self) -> None:
        """Refuses a request without the token."""
        if self.headers.get("Authorization", "") != f"Bearer {TOKEN}":
            raise Refusal(401, message="Invalid credentials in Authorization header")

    def wait_for_hangup(self) -> None:
        """Sends nothing until the client closes the connection."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.recv(1)

    def json(self, value: object, status: int = 200) -> None:
        """Answers with JSON."""
        if self.fault and self.fault.kind == "answer":
            value = self.fault.change(value)
        self.send(
            json.dumps(value).encode(), status=status, headers={"Content-Type": "application/json"}
        )

    def refuse(self, refusal: Refusal) -> None:
        """Answers with an error."""
        body = json.dumps({"error": refusal.message}).encode()
        headers = {key: value for key, value in refusal.headers.items() if value}
        self.send(body, status=refusal.status, headers=headers)

    def send(self, data: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        """Answers with bytes, from the beginning of the Range on, and with the request's fault."""
        byte_range = self.headers.get("Range", "bytes=0-")
        if "Range" in self.headers:
            self.server.ranges.append(byte_range)
        start = int(byte_range.removeprefix("bytes=").split("-")[0])
        if self.fault and self.fault.kind == "ranges":
            start = 0
        body = data[start:]
        if self.fault and self.fault.kind == "flip" and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        self.send_response(206 if start and status == 200 else status)
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        if start:
            self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if self.fault and self.fault.kind == "cut":
            self.wfile.write(body[: self.fault.value])
            self.close_connection = True
            return
        with contextlib.suppress(OSError):  # the client has given up
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Logs nothing."""

    def _chunks(self) -> bytes:
        whole = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            whole += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return whole
