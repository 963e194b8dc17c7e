"""Equations of docstrings are translated to LaTeX symbol by symbol."""

from __future__ import annotations

import pytest

from docs.equations import block_to_latex, prose_to_latex, symbols_of, to_latex


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("W_ii x + b_ii", r"W_{ii} \, x + b_{ii}"),
        ("σ(s - β) ⊙ h'", r"\sigma(s - \beta) \odot h'"),
        ("1 - z", "1 - z"),
        ("√(v + (ε)) / 2", r"\sqrt{v + (\varepsilon)} / 2"),
        ("√H · E s", r"\sqrt{H} \cdot E \, s"),
        ("C' e^-m' e^(m - m')", r"C' \, e^{-m'} \, e^{m - m'}"),
        ("LN(W_hh h; α_hh)", r"\operatorname{LN}(W_{hh} \, h; \alpha_{hh})"),
        ("tanh(c*) exp(γ)", r"\tanh(c^{*}) \, \exp(\gamma)"),
        ("k kᵀ x² a⁻¹", r"k \, k^{\top} \, x^{2} \, a^{-1}"),
        ("h_{t-1} ≠ h̃ₜ", r"h_{t-1} \ne \tilde{h}_{t}"),
        ("max(|n'ᵀ q|, 1e-6)", r"\max(|n'^{\top} \, q|, 10^{-6})"),
        ("h, or W_hr h with a projection", r"h,\ \text{or}\ W_{hr} \, h\ \text{with a projection}"),
    ],
)
def test_a_symbol_becomes_its_command(text: str, latex: str) -> None:
    assert to_latex(text) == latex


@pytest.mark.parametrize(("text", "message"), [("a ☃ b", "'☃'"), ("√(a + b", "a root has no end")])
def test_what_is_not_known_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        to_latex(text)


def test_a_block_is_aligned_at_its_equals_signs_with_remarks_behind() -> None:
    lines = [
        "i = σ(x)        input gate",
        "h' = i ⊙ h",
        "    + b",
        "f = i               σ(s) is it",
        "g = f    or    g = W f + b",
    ]
    assert block_to_latex(lines).splitlines() == [
        "```math",
        r"\begin{aligned}",
        r"i &= \sigma(x) && \text{input gate} \\",
        r"h' &= i \odot h + b \\",
        r"f &= i && \sigma(s)\ \text{is it} \\",
        r"g &= f && \text{or}\ g = W \, f + b",
        r"\end{aligned}",
        "```",
    ]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("x is the input (B, h), h' the next", "$x$ is the input (B, h), $h'$ the next"),
        (
            "σ the logistic function, ⊙ a product",
            r"$\sigma$ the logistic function, $\odot$ a product",
        ),
        ("a is drawn as a number, i.e. X", "$a$ is drawn as a number, i.e. X"),
        ("W_ih is ``weight_ih`` (H, F)", "$W_{ih}$ is ``weight_ih`` (H, F)"),
        ("the encoder's x_t, the t-th", "the encoder's $x_{t}$, the $t$-th"),
        ("σ(w_β x), √(1 - λ²)", r"$\sigma(w_{\beta} \, x)$, $\sqrt{1 - \lambda^{2}}$"),
        ("e^(x - h') and x⁻", "$e^{x - h'}$ and $x^{-}$"),
        ("exp(log_decay) and N(0, 1)", "exp(log_decay) and N(0, 1)"),
    ],
)
def test_symbols_in_a_sentence_are_equations(text: str, shown: str) -> None:
    symbols = symbols_of(["h' = a x + h        t is the step", "    + 1 / t"])
    assert symbols == {"h", "a", "x", "t"}
    assert prose_to_latex(text, symbols) == shown
