"""A load test of ``zoo serve``: ``python -m benchmarks.serve_load --seconds 600``.

Clients ask for texts as fast as they are answered: first a few, then many, then many for most of
the time while the memory of the server is watched; every tenth request leaves in the middle of its
stream. At last the server gets SIGTERM under load. Every request must then have an answer: its
text, or 503. A connection that is refused was never accepted and is counted apart.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

import click

from zoo_core.runtime.hardware.machine import machine_facts
from zoo_core.storage.atomic import write_file

PROGRAM = "import sys; from zoo_cli.main import main; sys.argv[0] = 'zoo'; main()"
MODEL = "lstm-embed.python-docs"
SYMBOLS = 32
"""Symbols of a text."""
LADDER = (1, 4, 16, 48)
"""Clients at the same time."""
STEADY = 16
"""Clients while memory is watched, and at the end."""
LEAVES = 10
"""Of so many requests, one leaves in the middle of its stream, while memory is watched."""
SETTLED = 0.2
"""The part of the time after which memory is measured first: allocators have what they keep."""
TIMEOUT = 120.0


@final
@dataclass
class Counts:
    """What became of requests.

    Args:
        seconds: The time of each request that was answered with a text.
        refused: Requests answered with 503.
        left: Requests that left by themselves.
        unconnected: Connections that were refused.
        lost: Requests on a connection without a whole answer, with what happened.
    """

    seconds: list[float] = field(default_factory=list)
    refused: int = 0
    left: int = 0
    unconnected: int = 0
    lost: list[str] = field(default_factory=list)

    def add(self, other: Counts) -> None:
        """Adds the counts of another client."""
        self.seconds += other.seconds
        self.refused += other.refused
        self.left += other.left
        self.unconnected += other.unconnected
        self.lost += other.lost


@final
class Client(threading.Thread):
    """Asks for texts until it is stopped.

    Args:
        port: The port of the server.
        number: Its number, which decides what it asks for.
        leaves: Whether some requests leave in the middle.
    """

    def __init__(self, port: int, number: int, *, leaves: bool) -> None:
        super().__init__(daemon=True)
        self.counts = Counts()
        self._port = port
        self._leaves = leaves
        self._draw = random.Random(number)
        self._stops = threading.Event()
        self._connection: http.client.HTTPConnection | None = None

    def stop(self) -> None:
        """Ends after the present request."""
        self._stops.set()

    def run(self) -> None:
        """Asks."""
        while not self._stops.is_set():
            if not self._ask():
                return
        self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(self) -> bool:
        """Sends a request; returns whether there may be another."""
        is_new = self._connection is None
        connection = self._connection or http.client.HTTPConnection(
            "127.0.0.1", self._port, timeout=TIMEOUT
        )
        self._connection = connection
        if is_new:
            try:
                connection.connect()
            except OSError:
                self.counts.unconnected += 1
                return False
        streams = self._draw.random() < 0.5
        leaves = self._leaves and self._draw.randrange(LEAVES) == 0
        fields = {
            "model": MODEL,
            "prompt": "The function returns ",
            "seed": self._draw.getrandbits(32),
            "max_tokens": 2000 if leaves else SYMBOLS,
            "stream": streams or leaves,
        }
        begin = time.perf_counter()
        try:
            headers = {"Content-Type": "application/json"}
            connection.request("POST", "/v1/completions", json.dumps(fields), headers)
            response = connection.getresponse()
            if leaves and response.status == 200:
                response.read(100)
                self.counts.left += 1
                self._close()
                return True
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            self.counts.lost.append(f"{type(error).__name__} on a {_age(is_new)} connection")
            self._close()
            return False
        if response.status == 503:
            self.counts.refused += 1
            return False
        is_whole = body.endswith(b"[DONE]\n\n") if fields["stream"] else body.endswith(b"}")
        if response.status != 200 or not is_whole:
            self.counts.lost.append(f"status {response.status}, {len(body)} bytes")
            return False
        self.counts.seconds.append(time.perf_counter() - begin)
        if response.will_close:
            self._close()
        return True


def _age(is_new: bool) -> str:
    return "new" if is_new else "kept"


@contextlib.contextmanager
def clients(port: int, count: int, *, leaves: bool = False) -> Iterator[Counts]:
    """Lets clients ask inside the context; their counts are complete after it."""
    counts = Counts()
    group = [Client(port, number, leaves=leaves) for number in range(count)]
    for client in group:
        client.start()
    try:
        yield counts
    finally:
        for client in group:
            client.stop()
        for client in group:
            client.join(TIMEOUT)
            counts.add(client.counts)


def measure_ladder(port: int, seconds: float) -> Iterator[dict[str, float]]:
    """Yields requests per second and latencies for each number of clients."""
    for count in LADDER:
        with clients(port, count):
            time.sleep(min(2.0, seconds / 5))  # connections are open, and pages of memory touched
        begin = time.perf_counter()
        with clients(port, count) as counts:
            time.sleep(seconds)
        elapsed = time.perf_counter() - begin
        assert not counts.lost, counts.lost[:3]
        done = sorted(counts.seconds)
        yield {
            "clients": count,
            "requests": len(done),
            "requests_per_second": round(len(done) / elapsed, 1),
            "symbols_per_second": round(SYMBOLS * len(done) / elapsed),
            "p50_ms": round(1000 * statistics.median(done), 2),
            "p99_ms": round(1000 * done[int(0.99 * (len(done) - 1))], 2),
        }


def measure_memory(port: int, process: int, seconds: float) -> dict[str, float]:
    """Returns the server's memory after a fifth of the time and at its end, under load."""
    begin, sizes = time.perf_counter(), list[tuple[float, float]]()
    with clients(port, STEADY, leaves=True) as counts:
        while (passed := time.perf_counter() - begin) < seconds:
            sizes.append((passed, resident_mb(process)))
            time.sleep(0.5)
    assert not counts.lost, counts.lost[:3]
    settled = [size for passed, size in sizes if passed >= SETTLED * seconds]
    quarter = max(1, len(settled) // 4)
    return {
        "minutes": round(seconds / 60, 1),
        "requests": len(counts.seconds) + counts.left,
        "left": counts.left,
        "first_mb": round(statistics.median(settled[:quarter]), 1),
        "last_mb": round(statistics.median(settled[-quarter:]), 1),
        "most_mb": round(max(size for _, size in sizes), 1),
    }


def measure_stop(port: int, process: subprocess.Popen[str]) -> dict[str, Any]:
    """Returns what became of requests when the server got SIGTERM under load."""
    with clients(port, STEADY) as counts:
        time.sleep(1.0)
        before = time.perf_counter()
        process.send_signal(signal.SIGTERM)
        process.wait(TIMEOUT)
        seconds = time.perf_counter() - before
    return {
        "clients": STEADY,
        "finished": len(counts.seconds),
        "refused_503": counts.refused,
        "unconnected": counts.unconnected,
        "lost": len(counts.lost),
        "how_lost": sorted(set(counts.lost)),
        "seconds": round(seconds, 2),
        "exit_code": process.returncode,
    }


def resident_mb(process: int) -> float:
    """Returns the memory of a process, in megabytes."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@click.command()
@click.option("--seconds", type=float, default=60.0, show_default=True, help="Time in all.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=Path("docs/results/serve.json"),
    show_default=True,
    help="File of the figures.",
)
def main(seconds: float, out: Path) -> None:
    """Measure zoo serve under load, and write the figures."""
    command = [sys.executable, "-c", PROGRAM, "serve", MODEL, "--port", "0", "--max-requests", "64"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline().strip().rpartition(":")[2])
        rung = max(2.0, 0.08 * seconds)
        rows = []
        for row in measure_ladder(port, rung):
            click.echo(json.dumps(row))
            rows.append(row)
        memory = measure_memory(port, process.pid, max(5.0, seconds - len(LADDER) * rung))
        click.echo(json.dumps(memory))
        stop = measure_stop(port, process)
        click.echo(json.dumps(stop))
    finally:
        process.kill()
    report = {
        "machine": machine_facts(),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "model": MODEL,
        "symbols": SYMBOLS,
        "load": rows,
        "memory": memory,
        "stop": stop,
    }
    write_file(out, json.dumps(report, indent=1).encode() + b"\n")
    if stop["lost"]:
        raise SystemExit(f"{stop['lost']} requests were lost: {', '.join(stop['how_lost'])}")


def markdown(path: Path) -> str:
    """Returns the figures as a table and two sentences."""
    report = json.loads(path.read_text("utf-8"))
    machine, memory, stop = report["machine"], report["memory"], report["stop"]
    lines = [
        f"{report['model']}, texts of {report['symbols']} symbols, half of them streamed; clients "
        f"and server on the same machine, {machine['processor']}, {machine['cores']}.",
        "",
        "| clients at once | requests/s | symbols/s | p50 | p99 |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in report["load"]:
        lines.append(
            f"| {row['clients']} | {row['requests_per_second']:,.0f} "
            f"| {row['symbols_per_second']:,} | {row['p50_ms']:.0f} ms | {row['p99_ms']:.0f} ms |"
        )
    lines += [
        "",
        f"Memory over {memory['minutes']:g} minutes and {memory['requests']:,} requests of "
        f"{STEADY} clients, {memory['left']:,} of which left in the middle of a stream: "
        f"{memory['first_mb']:.0f} MB after a fifth of the time, {memory['last_mb']:.0f} MB at the "
        "end.",
        f"SIGTERM under the load of {stop['clients']} clients: {stop['lost']} requests lost, "
        f"{stop['refused_503']} answered with 503, closed after {stop['seconds']:.1f} seconds.",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
