"""The server: who may ask, what it refuses, other paths, and how it stops."""

from __future__ import annotations

import csv
import signal
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.serve.conftest import MODEL
from tests.plugins.serve.served import WAIT, Answer, Served, serving
from zoo_core import load, predict

pytest.importorskip("zoo_serve")
pytestmark = [pytest.mark.full, pytest.mark.xdist_group("serve")]
TOKEN = "s3cret-token"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
SALES = Path(__file__).parents[3] / "plugins/series/src/zoo_series/tables/sales.csv"


def test_a_labeller_predicts(served: Served, hello_once: Path) -> None:
    name = str(hello_once)
    one = served.ask("/predict", {"model": name, "input": "hello"})
    assert one.status == 200
    (found,) = one.json["predictions"]
    assert (found["input"], found["prediction"]) == ("hello", predict(load(hello_once), "hello"))
    assert 0.5 < found["probability"] <= 1
    several = served.ask("/predict", {"model": name, "input": ["hello", "ole", "hello"]})
    assert [row["input"] for row in several.json["predictions"]] == ["hello", "ole", "hello"]
    assert several.json["predictions"][2] == found
    wrong = served.ask("/predict", {"model": name, "input": ["hello", "xyz"]})
    assert wrong.status == 400
    assert wrong.error["message"].startswith("input 2 of 2: symbols that the vocabulary lacks")
    none = served.ask("/predict", {"model": name})
    assert none.error["message"] == "input is missing: expected a text, or a list of texts"
    long = served.ask("/predict", {"model": name, "input": ["hello", "o" * 301]})
    assert long.status == 400
    assert long.error["message"].startswith("input 2 of 2: the input has 301 symbols")


@pytest.mark.parametrize(
    ("path", "body", "param"),
    [
        ("/predict", {"model": MODEL}, "input"),
        ("/predict", {"model": MODEL, "input": []}, "input"),
        ("/predict", {"model": MODEL, "input": [1]}, "input"),
        ("/predict", {"model": MODEL, "inputs": "a"}, "inputs"),
        ("/forecast", {"model": MODEL, "data": [{"a": 1}]}, "model"),
        ("/forecast", {"model": "SALES", "data": []}, "data"),
        ("/forecast", {"model": "SALES", "data": [{"month": "2024-01"}]}, "data"),
        ("/forecast", {"model": "SALES", "data": [{"month": 1, "sales": {}}]}, "data"),
        ("/forecast", {"model": "SALES", "data": [{"month": 1, "sales": 2}], "steps": 0}, "steps"),
    ],
)
def test_a_wrong_field_of_a_call_is_named(
    served: Served, sales: Path, path: str, body: dict[str, Any], param: str
) -> None:
    if body["model"] == "SALES":
        body = body | {"model": str(sales)}
    answer = served.ask(path, body)
    assert (answer.status, answer.error["param"]) == (400, param), answer.body


def test_a_model_of_series_forecasts(served: Served, sales: Path) -> None:
    with SALES.open(newline="", encoding="utf-8") as file:
        rows: list[dict[str, Any]] = list(csv.DictReader(file))
    for row in rows:
        row["sales"] = float(row["sales"])
    answer = served.ask("/forecast", {"model": str(sales), "data": rows, "steps": 3})
    assert answer.status == 200, answer.body
    forecast = answer.json["forecast"]
    assert [row["month"] for row in forecast] == ["2024-01", "2024-02", "2024-03"]
    assert forecast[0].keys() == {"month", "sales", "sales_naive", "sales_seasonal_naive"}
    assert forecast[0]["sales_naive"] == rows[-1]["sales"]


def test_a_model_of_series_predicts_values(served: Served, sales: Path) -> None:
    answer = served.ask("/predict", {"model": str(sales), "input": "200 210 190 220"})
    (found,) = answer.json["predictions"]
    assert len(found["values"]) == len(found["names"])
    assert "probability" not in found


def test_models_say_what_they_can_do(served: Served, hello_once: Path, sales: Path) -> None:
    listed = served.ask("/v1/models").json["data"]
    assert {model["id"]: model["tasks"] for model in listed} == {
        MODEL: ["completions", "predict"],
        "gru-embed.python-docs": ["completions", "predict"],
        str(hello_once): ["predict"],
        str(sales): ["predict", "forecast"],
    }
    assert served.ask(f"/v1/models/{sales}").json["id"] == str(sales)
    assert served.ask("/v1/models/none").status == 404


def test_a_body_that_is_too_long_or_no_json_is_refused(served: Served) -> None:
    long = served.ask("/v1/completions", b" " * 30_000)
    assert (long.status, "more than 20000 bytes" in long.error["message"]) == (413, True)
    chunked = _raw(
        served,
        b"POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
        b"Transfer-Encoding: chunked\r\n\r\n7530\r\n" + b" " * 30_000 + b"\r\n0\r\n\r\n",
    )
    assert chunked.startswith(b"HTTP/1.1 413")
    for body in (b"{", b"\xff", b"[" * 10_000, b"1" * 10_000, b"[]"):
        answer = served.ask("/predict", body)
        assert answer.status == 400, body[:9]
    form = served.ask("/predict", b"{}", headers={"Content-Type": "text/plain"})
    assert (form.status, "application/json" in form.error["message"]) == (415, True)


def test_other_paths_and_methods_are_errors_of_the_same_form(served: Served) -> None:
    assert served.ask("/nothing").error["message"].startswith("no such path; there are /health")
    wrong = served.ask("/v1/completions")
    assert (wrong.status, wrong.error["message"]) == (
        405,
        "GET is not for this path; use POST, or GET for lists",
    )


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": ""},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_page_of_the_web_is_kept_out(served: Served, headers: dict[str, str]) -> None:
    answer = served.ask("/v1/models", headers=headers)
    assert answer.status == 403
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_of_this_server_and_every_local_name_may_ask(served: Served) -> None:
    for name in ("localhost", "127.0.0.1", "[::1]", "LOCALHOST"):
        host = f"{name}:{served.port}"
        headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
        assert served.ask("/v1/models", headers=headers).status == 200


@pytest.fixture
def guarded() -> Iterator[Served]:
    """A server that other machines can reach, and that the test may stop."""
    with serving(MODEL, "--host", "0.0.0.0", ZOO_SERVE_TOKEN=TOKEN) as server:
        yield server


def test_a_token_is_required_and_never_shown(guarded: Served) -> None:
    assert guarded.ask("/health").status == 200
    for host in ("any.example", f"127.0.0.1:{guarded.port}"):
        assert guarded.ask("/v1/models", headers=RIGHT | {"Host": host}).status == 200
    for wrong in ("", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer \u00e9"):
        answer = guarded.ask("/v1/models", headers={"Authorization": wrong})
        assert (answer.status, answer.error["code"]) == (401, "invalid_api_key"), wrong
        assert answer.headers["www-authenticate"] == "Bearer"
        assert TOKEN.encode() not in answer.body


def test_sigterm_finishes_what_was_accepted_and_refuses_the_rest(guarded: Served) -> None:
    answers: list[Answer] = []
    asked = {"model": MODEL, "prompt": "a", "max_tokens": 1500}

    def ask(streams: bool) -> None:
        answers.append(guarded.ask("/v1/completions", asked | {"stream": streams}, headers=RIGHT))

    threads = [threading.Thread(target=ask, args=(number % 2 > 0,)) for number in range(4)]
    for thread in threads:
        thread.start()
    while guarded.ask("/health").json["texts"] < 4:
        pass
    guarded.process.send_signal(signal.SIGTERM)
    while (late := guarded.ask("/health")).status == 200:
        pass
    assert (late.status, late.json["status"]) == (503, "stopping")
    refused = guarded.ask("/v1/completions", asked, headers=RIGHT)
    assert (refused.status, refused.error["code"]) == (503, "server_stopping")
    for thread in threads:
        thread.join()
    out, err = guarded.process.communicate(timeout=WAIT)
    assert guarded.process.returncode == 143
    assert "finishing 4 requests; repeat the signal to stop at once" in err
    assert TOKEN not in out + err
    assert [answer.status for answer in answers] == [200] * 4
    for answer in answers:
        if answer.body.startswith(b"data: "):
            assert answer.events[-1] == "[DONE]"
            assert answer.events[-2]["choices"][0]["finish_reason"] == "length"
        else:
            assert answer.json["usage"]["completion_tokens"] == 1500


def _raw(served: Served, data: bytes) -> bytes:
    """Sends bytes and returns all that comes back."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=WAIT) as connection:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)
        found = b""
        while chunk := connection.recv(65536):
            found += chunk
        return found
