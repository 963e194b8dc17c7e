"""The page of the format ``web``, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser import NARROW, WIDE, OpenPage, Scheme, expect, open_page
from tests.cli.command import Zoo
from tests.plugins.onnx.conftest import MODEL
from zoo_core import generate, inspect, load

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("chromium")]
PROMPT = "The "
MEGABYTE = 2**20


@pytest.fixture(scope="module")
def opened(chromium: Browser, web_folder: Path) -> Iterator[OpenPage]:
    """The page, opened from disk once for the tests of this module."""
    with open_page(chromium, (web_folder / "index.html").as_uri()) as opened:
        yield opened


def write(page: Page, prompt: str = PROMPT, **options: float) -> str:
    """Fills in the form, starts the model, and returns the text when it is complete."""
    page.locator("#prompt").fill(prompt)
    for name, value in {"temperature": 0.8, "top_k": "", "seed": 0, **options}.items():
        page.locator(f"#{name.replace('_', '-')}").fill(str(value))
    page.locator("#start").click()
    expect(page.locator("#status")).to_have_text("Done.", timeout=900_000)
    text: str = page.evaluate("document.querySelector('#text').textContent")
    return text


def test_the_greedy_text_is_that_of_zoo_generate_without_any_request(
    opened: OpenPage, web_folder: Path, zoo: Zoo
) -> None:
    result = zoo("generate", MODEL, "--prompt", PROMPT, "--temperature", 0, "--length", 200)
    assert f"{write(opened.page, temperature=0, length=200)}\n" == result.stdout
    assert opened.requests == [(web_folder / "index.html").as_uri()]
    assert opened.errors == []


def test_a_seed_gives_the_text_of_zoo_generate(opened: OpenPage) -> None:
    checkpoint = load(MODEL)
    texts = [write(opened.page, seed=seed, length=80) for seed in (7, 8, 7)]
    few = write(opened.page, top_k=3, temperature=1.5, seed=2**32 + 5, length=80)
    assert texts[0] == texts[2] != texts[1]
    assert texts[0] == PROMPT + generate(checkpoint, PROMPT, seed=7, length=80)
    options = {"temperature": 1.5, "top_k": 3, "seed": 2**32 + 5}
    assert few == PROMPT + generate(checkpoint, PROMPT, length=80, **options)  # type: ignore[call-overload]


@pytest.mark.parametrize(("width", "scheme"), [(WIDE, "light"), (NARROW, "dark")])
def test_the_page_of_a_static_host_writes_with_the_network_cut(
    chromium: Browser, web_address: str, tmp_path: Path, width: int, scheme: Scheme
) -> None:
    with open_page(chromium, web_address, width=width, scheme=scheme) as opened:
        opened.page.context.set_offline(True)
        assert len(write(opened.page, length=40)) == len(PROMPT) + 40
        opened.page.locator("#recent .sym").nth(9).click()
        expect(opened.page.locator("#detail")).to_contain_text("symbol 10 of 44")
        opened.page.screenshot(path=tmp_path / "page.png")
        assert opened.requests == [web_address]
        assert opened.errors == []
        assert opened.overflow == 0


def test_symbols_have_the_activations_and_surprises_of_zoo_inspect(
    opened: OpenPage,
) -> None:
    text = "The quick brown"
    inspection = inspect(load(MODEL), text)
    unit = inspection.signal("hidden").most_varied_unit()
    activations = inspection.signal("hidden").unit(unit)
    page = opened.page
    write(page, text, length=1)
    page.locator("#unit").fill(str(unit))
    page.locator("#unit").press("Tab")
    for number in (0, 5, 14):
        page.locator("#recent .sym").nth(number).click()
        value, surprise = activations[number], inspection.symbols[number].surprise
        sign = "+" if value >= 0 else "−"
        detail = page.locator("#detail")
        expect(detail).to_contain_text(f"activation {sign}{abs(value):.2f}")
        if surprise is not None:
            expect(detail).to_contain_text(f"surprise {surprise:.2f} nats")
        best = inspection.symbols[number].guesses[0]
        expect(detail.locator("tr").first).to_contain_text(f"{best.probability:.3f}")
    page.locator("#text").press("ArrowLeft")
    expect(detail).to_contain_text("symbol 14 of 16")
    colours = "all => all.map((one) => one.className + one.style.cssText)"
    before = page.locator("#recent .sym").evaluate_all(colours)
    page.locator("#mode").select_option("surprise")
    assert page.locator("#recent .sym").evaluate_all(colours) != before


def test_symbols_that_the_model_does_not_know_are_named_and_stop_ends_a_text(
    opened: OpenPage,
) -> None:
    page = opened.page
    expect(page.locator("#start")).to_be_enabled()
    page.locator("#prompt").fill("The ĳ\u202eĳ")
    page.keyboard.press("Tab")
    page.locator("#start").press("Enter")
    expect(page.get_by_role("alert")).to_have_text(
        "Symbols that the model does not know: “ĳ” (2×), “\\u{202e}” (1×). Leave them out."
    )
    assert page.evaluate("document.activeElement.id") == "prompt"
    page.locator("#prompt").fill("")
    page.locator("#length").fill("1000000")
    page.locator("#start").click()
    expect(page.locator("#progress")).to_contain_text("per second")
    page.locator("#stop").press("Enter")
    expect(page.locator("#status")).to_have_text("Stopped.")
    expect(page.get_by_role("alert")).to_have_text("")
    expect(page.locator("#start")).to_be_focused()
    assert opened.errors == []


@pytest.mark.parametrize(
    ("first", "last"),
    [(150, 1150), pytest.param(2500, 12_500, marks=pytest.mark.slow)],
)
def test_a_longer_text_takes_no_more_memory(opened: OpenPage, first: int, last: int) -> None:
    tools = opened.page.context.new_cdp_session(opened.page)

    def memory() -> tuple[float, float]:
        tools.send("HeapProfiler.collectGarbage")
        usage = tools.send("Runtime.getHeapUsage")
        return usage["usedSize"] / MEGABYTE, usage["backingStorageSize"] / MEGABYTE

    write(opened.page, length=first)
    heap, buffers = memory()
    write(opened.page, length=last)
    later_heap, later_buffers = memory()
    assert later_heap - heap < 1
    assert later_buffers - buffers < 0.5


def test_the_page_cuts_texts_as_the_tokenizers_do(chromium: Browser) -> None:
    from importlib.resources import files

    from zoo_core.data.tokenizer import BUILT_IN
    from zoo_core.data.vocabulary import Vocabulary
    from zoo_onnx.web.prompts import tokenizer_data
    from zoo_tokenizers.bpe import train

    text = (
        "It's 3 o'clock, naïve x_1;\t\tsaid  “Æsop” …\r\n 中文字 かな\u00a0e\u0301tude 👍🏽 don’t"
        " I'LL we'll\n\n  zwölf½ Ⅷ a\u200db <|end|> 1st\u3000x"
    )
    script = (files("zoo_onnx.web") / "assets" / "tokenizer.js").read_text("utf-8")
    pairs = train([text, "the then there " * 3], 300, 2)
    vocabularies = {
        kind: Vocabulary(tuple(dict.fromkeys(tokenizer.split(text))), tokenizer=tokenizer)
        for kind, tokenizer in BUILT_IN.items()
    } | {"bpe": pairs}
    page = chromium.new_page()
    for kind, vocabulary in vocabularies.items():
        data = tokenizer_data(vocabulary)
        function = f"([text, tokenizer]) => {{ {script}; return splitter(tokenizer)(text); }}"
        assert page.evaluate(function, [text, data]) == vocabulary.tokenizer.split(text), kind
        function = (
            f"([ids, tokenizer]) => {{ {script}; const joiner = new Joiner(tokenizer); "
            "return ids.map((id) => joiner.join(id)).join(''); }"
        )
        assert page.evaluate(function, [vocabulary.encode(text), data]) == text, kind
    page.close()
