"""``zoo ui`` in Chromium: one server and one page for all tests, which run in their order."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest

from tests.browser import NARROW, OpenPage, expect, open_page
from tests.cli.command import PROGRAM, Zoo
from tests.cli.conftest import zoo
from zoo_core.run_folder.lock import lock_holder

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

__all__ = ["zoo"]
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,  # Gradio loses a change now and then, when the form is rebuilt meanwhile
    pytest.mark.xdist_group("chromium"),
]
PATIENCE = 90_000
"""Milliseconds to wait for what another process does."""
TABS = ("Gallery", "Train", "Runs", "Generate", "Inspect", "Compare", "Shapes")
HOSTILE = """<img src=x onerror='window.hacked = 1'> "quoted" """


class Server(NamedTuple):
    """A running ``zoo ui``."""

    process: subprocess.Popen[str]
    address: str
    home: Path


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    home = tmp_path_factory.mktemp("ui-home")
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "ui", "--port", "0", "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"ZOO_HOME": str(home)},
    )
    try:
        assert process.stdout
        text = ""
        while not text.endswith("}\n"):
            line = process.stdout.readline()
            assert line, process.stderr and process.stderr.read()
            text += line
        yield Server(process, json.loads(text)["address"], home)
    finally:
        for folder in (home / "runs").glob("*"):
            if holder := lock_holder(folder):
                os.kill(holder.pid, signal.SIGKILL)
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def opened(chromium: Browser, server: Server) -> Iterator[OpenPage]:
    with open_page(chromium, server.address) as opened:
        opened.page.set_default_timeout(PATIENCE)
        yield opened


@pytest.fixture
def page(opened: OpenPage, server: Server, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setenv("ZOO_HOME", str(server.home))
    return opened.page


def _open_tab(page: Page, name: str) -> None:
    page.get_by_role("tab", name=name, exact=True).click()


def _choose(page: Page, label: str, value: str) -> None:
    page.get_by_label(label, exact=True).fill(value)
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")


def _fill(page: Page, section: str, label: str, value: str) -> None:
    """Fills a field of the form, whose section may be closed."""
    button = page.get_by_role("button", name=section)
    expect(button).to_be_visible(timeout=PATIENCE)
    if not page.get_by_label(label).is_visible():
        button.click()
    page.get_by_label(label).fill(value)


def _command(page: Page) -> Locator:
    """The command that the open tab shows."""
    label = page.get_by_label("The same on the command line", exact=True)
    return label.filter(visible=True)


def _expect_state(page: Page, state: str) -> None:
    expect(page.get_by_role("status").filter(has_text=state)).to_be_visible(timeout=PATIENCE)


def test_the_gallery_finds_models_and_shows_one(page: Page) -> None:
    page.get_by_label("Search").fill("gru-emb")
    expect(page.get_by_text("1 model")).to_be_visible(timeout=PATIENCE)
    expect(_command(page)).to_have_text("zoo list models '*gru-emb*'", timeout=PATIENCE)
    _choose(page, "Show", "gru-embed")
    expect(page.get_by_text("Embedding, layers of GRU, linear output.").last).to_be_visible()
    expect(page.get_by_role("rowheader", name="hidden_size")).to_be_visible(timeout=PATIENCE)
    expect(_command(page)).to_have_text("zoo show gru-embed", timeout=PATIENCE)


def test_a_wrong_setting_is_named_before_a_training_starts(page: Page) -> None:
    _open_tab(page, "Train")
    _fill(page, "Settings of the trainer", "trainer.epochs", "many")
    problem = page.get_by_role("alert").filter(has_text="--trainer.epochs = 'many': expected")
    expect(problem).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Start training").click()
    expect(problem).to_be_visible()
    page.get_by_label("trainer.epochs").fill("60")
    expect(problem).to_be_hidden(timeout=PATIENCE)


def test_a_training_goes_from_the_form_to_its_end(page: Page, zoo: Zoo) -> None:
    expect(_command(page)).to_have_text(
        "zoo train lstm-embed --trainer.epochs 60", timeout=PATIENCE
    )
    page.get_by_role("button", name="Start training").click()
    _expect_state(page, "is finished")
    (run,) = zoo("runs", "--json").json
    assert (run["recipe"], run["state"]) == ("lstm-embed.hello", "finished")
    expect(_command(page)).to_have_text(f"zoo show {run['name']}", timeout=PATIENCE)
    expect(page.get_by_text("step 60: training loss")).to_be_visible()
    expect(page.locator(".layer-container svg, canvas, svg.marks").first).to_be_visible()
    expect(page.get_by_label("What the command printed", exact=True)).to_contain_text("epoch 60/60")


def test_two_checkpoints_generate_what_the_command_generates(page: Page, zoo: Zoo) -> None:
    _open_tab(page, "Generate")
    _choose(page, "Checkpoint", "lstm-embed.python-docs")
    _choose(page, "Second checkpoint", "gru-embed.python-docs")
    page.get_by_label("Prompt").fill(HOSTILE)
    page.get_by_label("number input for Length").fill("60")
    page.get_by_role("button", name="Generate", exact=True).click()
    for label, name in (("Text", "lstm"), ("Text of the second checkpoint", "gru")):
        reference = f"{name}-embed.python-docs"
        expected = zoo("generate", reference, "--prompt", HOSTILE, "--length", 60).stdout
        text = page.get_by_label(label, exact=True)
        expect(text).to_have_text(expected.rstrip("\n"), timeout=PATIENCE)
    first = _command(page).inner_text().splitlines()[0]
    assert first.startswith("zoo generate lstm-embed.python-docs --prompt '<img src=x")
    assert page.evaluate("window.hacked") is None


def test_a_text_is_inspected(page: Page) -> None:
    _open_tab(page, "Inspect")
    _choose(page, "Checkpoint to inspect", "lstm-embed.python-docs")
    page.get_by_label("Text to inspect").fill(HOSTILE)
    page.get_by_role("button", name="Inspect", exact=True).click()
    frame = page.frame_locator(".zoo-frame").first
    expect(frame.get_by_role("heading", name="lstm-embed, unit by unit")).to_be_visible(
        timeout=PATIENCE
    )
    assert page.evaluate("window.hacked") is None


def test_checkpoints_are_compared(page: Page) -> None:
    _open_tab(page, "Compare")
    for name in ("lstm-embed.hello", "gru-embed.hello"):
        _choose(page, "Runs to compare", name)
    page.get_by_role("button", name="Compare", exact=True).click()
    expect(page.get_by_role("rowheader", name="gru-embed.hello")).to_be_visible(timeout=PATIENCE)
    title = "Open “Report on the runs” in a tab of its own"
    expect(page.get_by_role("link", name=title)).to_be_visible(timeout=PATIENCE)
    expected = "zoo compare lstm-embed.hello gru-embed.hello --out comparison"
    expect(_command(page)).to_have_text(expected, timeout=PATIENCE)


def test_the_shapes_of_a_model_are_listed(page: Page) -> None:
    _open_tab(page, "Shapes")
    _choose(page, "Model, recipe or checkpoint", "lstm-embed")
    page.get_by_role("button", name="Show shapes").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="logits"))
    expect(row.first).to_contain_text("(B, T, V)", timeout=PATIENCE)


def test_nothing_was_asked_of_another_server(opened: OpenPage, server: Server) -> None:
    foreign = [
        address
        for address in opened.requests
        if not address.startswith((f"{server.address}/", "data:", "blob:"))
    ]
    assert len(opened.requests) > 20
    assert foreign == []
    assert [error for error in opened.errors if "Content Security Policy" in error] == []


def test_a_phone_shows_every_tab_without_scrolling_sideways(
    chromium: Browser, server: Server
) -> None:
    with open_page(chromium, server.address, width=NARROW) as narrow:
        page = narrow.page
        expect(page.get_by_role("tab", name=TABS[0])).to_be_visible(timeout=PATIENCE)
        for name in TABS:
            tab = page.get_by_role("tab", name=name, exact=True)
            if not tab.is_visible():
                page.locator(".overflow-menu button").first.click()
                tab = page.locator(".overflow-dropdown").get_by_text(name, exact=True)
            tab.click()
            assert narrow.overflow == 0, name


@pytest.mark.slow
def test_a_training_is_stopped_and_resumed(page: Page, server: Server, zoo: Zoo) -> None:
    _open_tab(page, "Train")
    _fill(page, "Settings of the trainer", "trainer.epochs", "1000000")
    _fill(page, "Seed, threads and other options of the run", "name Name of the run", "long")
    page.get_by_role("button", name="Start training").click()
    _expect_state(page, "long is running")
    expect(page.get_by_text("training loss 0.00")).to_be_visible(timeout=PATIENCE)  # live
    expect(_command(page)).to_contain_text("kill -INT ", timeout=PATIENCE)
    page.get_by_role("button", name="Stop", exact=True).click()
    _expect_state(page, "long is interrupted: Resume continues it")
    expect(_command(page)).to_have_text("zoo resume long", timeout=PATIENCE)
    page.get_by_role("button", name="Resume").click()
    _expect_state(page, "long is running")
    deadline = time.monotonic() + PATIENCE / 1000
    while not lock_holder(server.home / "runs" / "long") and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "long" in {run["name"] for run in zoo("runs", "--json").json}


def test_the_page_ends_with_ctrl_c_and_leaves_its_trainings(server: Server) -> None:
    holder = lock_holder(server.home / "runs" / "long")  # of the test before, which is slow
    server.process.send_signal(signal.SIGINT)
    _, messages = server.process.communicate(timeout=60)
    assert server.process.returncode == 130
    assert not (server.home / "ui" / "address.json").exists()
    if holder:
        assert f"long goes on; to stop it: kill -INT {holder.pid}" in messages
        assert lock_holder(server.home / "runs" / "long") == holder
