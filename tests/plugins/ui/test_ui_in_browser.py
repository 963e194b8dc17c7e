"""``zoo ui`` in Chromium: one server for all tests, a window for each."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.browser import NARROW, WIDE, expect, open_page
from tests.cli.command import PROGRAM, Zoo
from tests.cli.conftest import zoo
from zoo_core.run_folder.lock import lock_holder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page, Route

__all__ = ["zoo"]
pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]
PATIENCE = 90_000
"""Milliseconds to wait for what another process does."""
TABS = {
    "Gallery": "Search",
    "Train": "Model or recipe",
    "Runs": "Run",
    "Generate": "Prompt",
    "Inspect": "Text to inspect",
    "Compare": "Metric",
    "Shapes": "Model, recipe or checkpoint",
}
"""The tabs, each with the label of a field."""
HOSTILE = """<img src=x onerror='window.hacked = 1'> "quoted" """
EPOCHS = "trainer.epochs"
QUESTIONS = "**/gradio_api/run/**"
"""What the page asks its server for at once, unlike what may take long."""


class Server(NamedTuple):
    """A running ``zoo ui``."""

    process: subprocess.Popen[str]
    address: str
    home: Path


def _start_server(home: Path) -> Server:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "ui", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"ZOO_HOME": str(home)},
    )
    assert process.stdout
    text = ""
    while not text.endswith("}\n"):
        line = process.stdout.readline()
        assert line, process.communicate()
        text += line
    return Server(process, json.loads(text)["address"], home)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Server]]:
    """The servers that were started; the last one may still run."""
    started: list[Server] = []
    yield started
    for server in started:
        for folder in (server.home / "runs").glob("*"):
            if holder := lock_holder(folder):
                os.kill(holder.pid, signal.SIGKILL)
        server.process.kill()
        server.process.communicate()


@pytest.fixture
def server(
    servers: list[Server],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Server:
    """A running ``zoo ui``, in whose ``ZOO_HOME`` the test calls commands.

    It is that of the test before, or another one if that test ended it.
    """
    if not servers or servers[-1].process.poll() is not None:
        servers.append(_start_server(tmp_path_factory.mktemp("ui-home")))
    monkeypatch.setenv("ZOO_HOME", str(servers[-1].home))
    return servers[-1]


@pytest.fixture
def width() -> int:
    """Pixels of the window."""
    return WIDE


@pytest.fixture
def page(chromium: Browser, server: Server, width: int) -> Iterator[Page]:
    """The page in a window of its own. It asks nothing of another server."""
    with open_page(chromium, server.address, width=width) as opened:
        opened.page.set_default_timeout(PATIENCE)
        yield opened.page
        own = (f"{server.address}/", "data:", "blob:")
        assert [address for address in opened.requests if not address.startswith(own)] == []
        assert [error for error in opened.errors if "Content Security Policy" in error] == []


def _open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()
    _expect_tab(page, name)


def _expect_tab(page: Page, name: str) -> None:
    field = page.get_by_label(TABS[name]).filter(visible=True)
    expect(field.first).to_be_visible(timeout=PATIENCE)


def _choose(page: Page, label: str, value: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(value)
    box.press("Enter")
    expect(box).to_have_value(value, timeout=PATIENCE)


def _open_section(page: Page, title: str) -> None:
    page.locator("summary").filter(has_text=title).click()


def _command(page: Page) -> Locator:
    """The command that the open tab shows."""
    label = page.get_by_label("The same on the command line", exact=True)
    return label.filter(visible=True)


def _expect_command(page: Page, command: str) -> None:
    expect(_command(page)).to_have_text(command, timeout=PATIENCE)


def _expect_state(page: Page, state: str) -> None:
    expect(page.get_by_role("status").filter(has_text=state)).to_be_visible(timeout=PATIENCE)


def _start_training(page: Page, name: str, epochs: int) -> None:
    _open_tab(page, "Train")
    _open_section(page, "Settings of the trainer")
    page.get_by_label(EPOCHS, exact=True).fill(str(epochs))
    _open_section(page, "Seed, threads and other options of the run")
    page.get_by_label("name", exact=True).fill(name)
    page.get_by_role("button", name="Start training").click()


def test_the_gallery_finds_models_and_shows_one(page: Page) -> None:
    page.get_by_label("Search").fill("gru-emb")
    expect(page.get_by_text("1 model")).to_be_visible(timeout=PATIENCE)
    _expect_command(page, "zoo list models '*gru-emb*'")
    _choose(page, "Show", "gru-embed")
    _expect_command(page, "zoo show gru-embed")
    expect(page.get_by_text("Embedding, layers of GRU, linear output.").last).to_be_visible()
    expect(page.get_by_role("rowheader", name="hidden_size")).to_be_visible()


def test_a_wrong_setting_is_named_before_a_training_starts(page: Page) -> None:
    _open_tab(page, "Train")
    _open_section(page, "Settings of the trainer")
    page.get_by_label(EPOCHS, exact=True).fill("many")
    problem = page.get_by_role("alert").filter(has_text="--trainer.epochs = 'many': expected")
    expect(problem).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Start training").click()
    expect(problem).to_be_visible()
    page.get_by_label(EPOCHS, exact=True).fill("60")
    expect(problem).to_be_hidden(timeout=PATIENCE)
    _expect_command(page, "zoo train lstm-embed --trainer.epochs 60")


def test_what_is_typed_while_the_fields_change_is_kept(page: Page) -> None:
    held: list[Route] = []
    _open_tab(page, "Train")
    _open_section(page, "Settings of the trainer")
    _open_section(page, "Settings of the model")
    page.get_by_label("model.hidden-size", exact=True).fill("24")
    _expect_command(page, "zoo train lstm-embed --model.hidden-size 24")
    page.route(QUESTIONS, lambda route: held.append(route), times=1)  # noqa: PLW0108
    with page.expect_request(QUESTIONS):
        _choose(page, "Model or recipe", "gru-embed.python-docs")
    page.get_by_label(EPOCHS, exact=True).fill("7")
    (route,) = held
    route.continue_()
    command = "zoo train gru-embed.python-docs --model.hidden-size 24 --trainer.epochs 7"
    _expect_command(page, command)
    expect(page.get_by_label("trainer.prompt", exact=True)).to_be_visible()
    expect(page.get_by_label(EPOCHS, exact=True)).to_have_value("7")
    expect(page.get_by_label(EPOCHS, exact=True)).to_be_focused()
    expect(page.get_by_label("model.hidden-size", exact=True)).to_have_value("24")


def test_a_training_goes_from_the_form_to_its_end(page: Page, zoo: Zoo) -> None:
    _start_training(page, "ended", 60)
    _expect_state(page, "ended is finished")
    _expect_command(page, "zoo show ended")
    (run,) = [run for run in zoo("runs", "--json").json if run["name"] == "ended"]
    assert (run["recipe"], run["state"]) == ("lstm-embed.hello", "finished")
    expect(page.get_by_text("step 60: training loss")).to_be_visible()
    expect(page.locator(".layer-container svg, canvas, svg.marks").first).to_be_visible()
    expect(page.get_by_label("What the command printed", exact=True)).to_contain_text("epoch 60/60")


def test_two_checkpoints_generate_what_the_command_generates(page: Page, zoo: Zoo) -> None:
    _open_tab(page, "Generate")
    _choose(page, "Checkpoint", "lstm-embed.python-docs")
    _choose(page, "Second checkpoint", "gru-embed.python-docs")
    page.get_by_label("Prompt").fill(HOSTILE)
    page.get_by_label("number input for Top-p").fill("0.9")
    page.get_by_label("number input for Length").fill("60")
    page.get_by_role("button", name="Generate", exact=True).click()
    for label, name in (("Text", "lstm"), ("Text of the second checkpoint", "gru")):
        options = ["--prompt", HOSTILE, "--top-p", 0.9, "--length", 60]
        expected = zoo("generate", f"{name}-embed.python-docs", *options).stdout
        text = page.get_by_label(label, exact=True)
        expect(text).to_have_text(expected.rstrip("\n"), timeout=PATIENCE)
    first = "zoo generate lstm-embed.python-docs --prompt '<img src=x"
    expect(_command(page)).to_contain_text(first, timeout=PATIENCE)
    expect(_command(page)).to_contain_text("--length 60 --temperature 0.8 --top-p 0.9 --seed 0")
    assert page.evaluate("window.hacked") is None


def test_a_text_is_inspected(page: Page) -> None:
    _open_tab(page, "Inspect")
    _choose(page, "Checkpoint to inspect", "lstm-embed.python-docs")
    page.get_by_label("Text to inspect").fill(HOSTILE)
    page.get_by_role("button", name="Inspect", exact=True).click()
    frame = page.frame_locator(".zoo-frame").first
    heading = frame.get_by_role("heading", name="lstm-embed, unit by unit")
    expect(heading).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("window.hacked") is None


def test_checkpoints_are_compared(page: Page) -> None:
    _open_tab(page, "Compare")
    box = page.get_by_label("Runs to compare", exact=True)
    for name in ("lstm-embed.hello", "gru-embed.hello"):
        box.fill(name)
        box.press("Enter")
        expect(page.locator(".token").filter(has_text=name)).to_be_visible(timeout=PATIENCE)
    box.press("Escape")
    _expect_command(page, "zoo compare lstm-embed.hello gru-embed.hello --out comparison")
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("rowheader", name="gru-embed.hello")).to_be_visible(timeout=PATIENCE)
    title = "Open “Report on the runs” in a tab of its own"
    expect(page.get_by_role("link", name=title)).to_be_visible(timeout=PATIENCE)


def test_the_shapes_of_a_model_are_listed(page: Page) -> None:
    _open_tab(page, "Shapes")
    _choose(page, "Model, recipe or checkpoint", "lstm-embed")
    page.get_by_role("button", name="Show shapes").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="logits"))
    expect(row.first).to_contain_text("(B, T, V)", timeout=PATIENCE)


@pytest.mark.parametrize("width", [NARROW])
def test_a_phone_shows_every_tab_without_scrolling_sideways(page: Page) -> None:
    menu = page.locator(".overflow-menu button").first
    expect(menu).to_be_visible(timeout=PATIENCE)
    for name in TABS:
        tab = page.get_by_role("tab", name=name, exact=True)
        if not tab.is_visible():
            menu.click()
            tab = page.locator(".overflow-dropdown").get_by_text(name, exact=True)
        tab.click()
        _expect_tab(page, name)
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0, name


def test_a_training_is_stopped_resumed_and_left_when_the_page_ends(
    page: Page, server: Server
) -> None:
    folder = server.home / "runs" / "long"
    _start_training(page, "long", 10**6)
    _expect_state(page, "long is running")
    small = re.compile(r"training loss (0\.00|\d(\.\d+)?e-|0$)")  # 0 after many epochs
    expect(page.get_by_text(small)).to_be_visible(timeout=PATIENCE)  # live
    expect(_command(page)).to_contain_text("kill -INT ", timeout=PATIENCE)
    page.get_by_role("button", name="Stop", exact=True).click()
    _expect_state(page, "long is interrupted: Resume continues it")
    _expect_command(page, "zoo resume long")
    page.get_by_role("button", name="Resume").click()
    _expect_state(page, "long is running")
    expect(_command(page)).to_contain_text("kill -INT ", timeout=PATIENCE)
    pid = int(_command(page).inner_text().rpartition(" ")[2])
    server.process.send_signal(signal.SIGINT)
    _, messages = server.process.communicate(timeout=60)
    assert server.process.returncode == 130
    assert not (server.home / "ui" / "address.json").exists()
    assert f"long goes on; to stop it: kill -INT {pid}" in messages
    os.kill(pid, signal.SIGKILL)  # raises if it does not go on; it may not hold the lock yet
    assert folder.is_dir()
