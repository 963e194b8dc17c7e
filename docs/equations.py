"""The equations of docstrings as LaTeX, which GitHub renders.

A docstring writes equations as a person reads them: ``i = σ(W_ii x + b_ii)        input gate``.
They are translated symbol by symbol, so that a page shows what the code says.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple, final

GREEK = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "varepsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi",
    "π": "pi", "ρ": "rho", "σ": "sigma", "τ": "tau", "φ": "varphi", "χ": "chi", "ψ": "psi",
    "ω": "omega", "Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Φ": "Phi",
    "Ψ": "Psi", "Ω": "Omega", "ℓ": "ell", "Σ": "sum", "Π": "prod",
}  # fmt: skip
"""The letters that LaTeX has a command for."""
OPERATORS = {
    "⊙": r"\odot", "·": r"\cdot", "×": r"\times", "⊗": r"\otimes", "∗": r"\ast", "≤": r"\le",
    "≥": r"\ge", "≠": r"\ne", "≈": r"\approx", "∈": r"\in", "→": r"\to", "…": r"\dots",
    "∞": r"\infty", "−": "-", "‖": r"\Vert", "⌊": r"\lfloor", "⌋": r"\rfloor", "∂": r"\partial",
}  # fmt: skip
SUPERSCRIPTS = {"⁻": "-", "⁺": "+", "ᵀ": r"\top", "ᴴ": "H"}
SUPERSCRIPTS |= dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789", strict=True))
SUBSCRIPTS = {"₊": "+", "₋": "-", "ₜ": "t", "ᵢ": "i", "ⱼ": "j", "ₖ": "k", "ₙ": "n"}
SUBSCRIPTS |= dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
ACCENTS = {"\u0303": r"\tilde", "\u0302": r"\hat", "\u0304": r"\bar"}
FUNCTIONS = {"tanh", "exp", "ln", "log", "max", "min", "sin", "cos", "det"}
"""The functions that LaTeX knows; any other is a word before a parenthesis."""
PLAIN = dict.fromkeys("([", "open") | dict.fromkeys(")]", "close")
PLAIN |= dict.fromkeys(",;:=+-/<>|!.", "operator")
"""The characters that stand for themselves, and the kinds of their pieces."""
GAP = re.compile(r"\s{3,}")
"""What separates an equation from the remark about it."""
LETTER = f"[A-Za-z{''.join(GREEK)}]"
BELOW = rf"\{{[^}}]*\}}|(?:{LETTER}|\d)+"
TOKEN = re.compile(
    rf"(?P<space>\s+)|(?P<number>\d+(?:\.\d+)?(?:e-?\d+)?)"
    rf"|(?P<name>(?P<base>{LETTER}+)(?P<accent>[{''.join(ACCENTS)}]?)(?:_(?P<sub>{BELOW}))?"
    rf"(?P<prime>'*)(?P<star>\*?))|(?P<power>\^(?:\([^)]*\)|-?(?:{BELOW})'*))"
    rf"|(?P<super>[{''.join(SUPERSCRIPTS)}]+)|(?P<below>[{''.join(SUBSCRIPTS)}]+)"
    rf"|(?P<root>√\()|√(?P<rooted>{LETTER}|\d+)|(?P<other>.)",
    re.S,
)


SCRIPTS = rf"(?:_(?:\{{[^}}]*\}}|\w+))?'*[{''.join(SUPERSCRIPTS)}]*(?:\^(?:\([^)]*\)|-?\w+'*))?"
SYMBOL = rf"{LETTER}[{''.join(ACCENTS)}]?{SCRIPTS}"
ARGUMENT = r"\((?:[^()]|\([^()]*\))*\)"
IN_PROSE = re.compile(
    rf"(?P<kept>``[^`]*``|\([\dA-Z][^()]*,[^()]*\))"  # code, and shapes such as (B, H)
    rf"|(?<![\w'.])(?P<symbol>(?:ln|log|exp|{SYMBOL}){ARGUMENT}|√(?:{ARGUMENT}|{LETTER})"
    rf"|{SYMBOL}(?![\w(]|\.\w)|[⊙∗])"
)
"""What may be an equation in a sentence: symbols, functions of something, roots."""
SETTING = re.compile(r"_\w{4,}")
"""The end of a name that is no subscript, such as ``log_decay``."""


@final
class _Piece(NamedTuple):
    """A translated token.

    Args:
        text: LaTeX.
        kind: ``atom``, ``word``, ``text`` (of words), ``operator``, ``open``, ``close``, ``space``.
    """

    text: str
    kind: str


def block_to_latex(lines: Iterable[str]) -> str:
    """Returns a block of equations as a fenced block of LaTeX.

    Args:
        lines: An equation each, with a remark behind at least three spaces. A line that begins with
            a space continues the line before.
    """
    joined: list[str] = []
    for line in lines:
        if line.startswith(" ") and joined:
            joined[-1] += f" {line.strip()}"
        else:
            joined.append(line.rstrip())
    rows = " \\\\\n".join(_to_row(line) for line in joined)
    return f"```math\n\\begin{{aligned}}\n{rows}\n\\end{{aligned}}\n```"


def to_latex(text: str) -> str:
    """Returns an equation or a part of one as LaTeX.

    Raises:
        ValueError: It has a character that is not known here, or a root without its end.
    """
    decomposed = unicodedata.normalize("NFD", text).replace("=\u0338", "≠")
    pieces, _ = _pieces(decomposed, inside_root=False)
    return _join(pieces)


def symbols_of(lines: Iterable[str]) -> set[str]:
    """Returns the letters that a block of equations uses, without their scripts."""
    found: set[str] = set()
    for line in lines:
        equation = GAP.split(line.strip(), maxsplit=1)[0]
        names = (match["base"] for match in TOKEN.finditer(equation) if match["name"])
        found |= {name for name in names if len(name) == 1}
    return found


def prose_to_latex(text: str, symbols: set[str]) -> str:
    """Returns a paragraph about equations with its symbols between dollars, as LaTeX.

    Code and shapes are kept as they are. A capital letter without scripts is a symbol if the
    equations use it, a small one always, but for ``a`` where neither "is", "starts" nor = follows.

    Args:
        text: The paragraph.
        symbols: The letters that the equations use.
    """

    def convert(match: re.Match[str]) -> str:
        symbol = match["symbol"]
        if not symbol:
            return match[0]
        is_word = symbol == "a" and not re.match(r"\s(?:is\b|starts\b|=)", text[match.end() :])
        is_letter = symbol[0].isupper() and symbol[0].isascii() and symbol[1:2] in ("", "(")
        is_foreign = is_letter and symbol[0] not in symbols
        if is_word or is_foreign or SETTING.search(symbol):
            return match[0]
        try:
            return f"${to_latex(symbol)}$"
        except ValueError:
            return match[0]

    return IN_PROSE.sub(convert, text)


def _to_row(line: str) -> str:
    """Returns a row of an aligned block: left side, right side, remark."""
    equation, _, remark = GAP.sub("\0", line, count=1).partition("\0")
    left, equals, right = equation.partition(" = ")
    row = f"{to_latex(left)} &= {to_latex(right)}" if equals else f"& {to_latex(equation)}"
    return f"{row} && {_remark(remark)}" if remark else row


def _remark(text: str) -> str:
    """Returns a remark: words as text, anything else as an equation."""
    runs: list[tuple[bool, list[str]]] = []
    for word in text.split():
        is_text = bool(re.fullmatch(r"(?:a|[A-Za-z][A-Za-z-]+)[,.;:]?", word))
        if runs and runs[-1][0] == is_text:
            runs[-1][1].append(word)
        else:
            runs.append((is_text, [word]))
    parts = ((is_text, " ".join(words)) for is_text, words in runs)
    return r"\ ".join(rf"\text{{{part}}}" if is_text else to_latex(part) for is_text, part in parts)


def _pieces(text: str, *, inside_root: bool) -> tuple[list[_Piece], str]:
    """Returns the translated tokens, up to the end of a root, and the text behind it."""
    pieces: list[_Piece] = []
    depth = 0
    while text:
        match = TOKEN.match(text)
        assert match, "the last alternative takes any character"
        token, text = match[0], text[match.end() :]
        if match["root"]:
            inner, text = _pieces(text, inside_root=True)
            pieces.append(_Piece(rf"\sqrt{{{_join(inner)}}}", "atom"))
        elif match["rooted"]:
            pieces.append(_Piece(rf"\sqrt{{{to_latex(match['rooted'])}}}", "atom"))
        elif inside_root and token == ")" and depth == 0:
            return pieces, text
        else:
            depth += (token == "(") - (token == ")")
            pieces.append(_piece(match, is_called=text.startswith("(")))
    if inside_root:
        raise ValueError("a root has no end")
    return pieces, ""


def _piece(match: re.Match[str], *, is_called: bool) -> _Piece:
    token = match[0]
    if match["space"]:
        return _Piece(" ", "space")
    if match["number"]:
        return _Piece(_number(token), "atom")
    if match["name"]:
        return _name(match, is_called=is_called)
    if match["power"]:
        return _Piece(f"^{{{to_latex(token[1:].strip('{}()'))}}}", "close")
    if match["super"] or match["below"]:
        mark, scripts = ("^", SUPERSCRIPTS) if match["super"] else ("_", SUBSCRIPTS)
        return _Piece(f"{mark}{{{''.join(scripts[char] for char in token)}}}", "close")
    return _sign(token)


def _sign(token: str) -> _Piece:
    if token in OPERATORS:
        return _Piece(OPERATORS[token], "operator")
    if token in "{}":
        return _Piece(rf"\{token}", "open" if token == "{" else "close")
    if token not in PLAIN:
        raise ValueError(f"no LaTeX is known for {token!r}")
    return _Piece(token, PLAIN[token])


def _number(token: str) -> str:
    mantissa, _, exponent = token.partition("e")
    if not exponent:
        return mantissa
    power = f"10^{{{exponent}}}"
    return power if mantissa == "1" else rf"{mantissa} \times {power}"


def _name(match: re.Match[str], *, is_called: bool) -> _Piece:
    """Returns a symbol, the name of a function or an English word."""
    base, sub = match["base"], match["sub"]
    if base in FUNCTIONS:
        text = rf"\{base}"
    elif len(base) == 1:
        text = rf"\{GREEK[base]}" if base in GREEK else base
    elif is_called:
        text = rf"\operatorname{{{base}}}"
    elif sub:
        text = rf"\mathrm{{{base}}}"
    else:
        return _Piece(base, "word")
    if match["accent"]:
        text = f"{ACCENTS[match['accent']]}{{{text}}}"
    if sub:
        inner = sub.strip("{}")
        text += f"_{{{inner if inner.isascii() and inner.isalnum() else to_latex(inner)}}}"
    return _Piece(text + match["prime"] + ("^{*}" if match["star"] else ""), "atom")


def _join(pieces: list[_Piece]) -> str:
    """Returns the tokens as a line, with thin spaces between factors and spaces around text."""
    line, before = "", _Piece("", "open")
    is_apart = False
    for piece in _with_text(pieces):
        if piece.kind == "space":
            is_apart = True
            continue
        if is_apart and line:
            line += _space(before.kind, piece.kind)
        elif line and line[-1].isalpha() and piece.text[0].isalpha():
            line += " "  # a command such as \sigma ends where no letter follows
        line += piece.text
        before, is_apart = piece, False
    return line


def _with_text(pieces: list[_Piece]) -> list[_Piece]:
    """Returns the tokens with every run of words as one piece of text; "a" may be among them."""
    joined: list[_Piece] = []
    for number, piece in enumerate(pieces):
        follows_text = len(joined) > 1 and (joined[-2].kind, joined[-1].kind) == ("text", "space")
        before_word = number + 2 < len(pieces) and pieces[number + 2].kind == "word"
        is_article = piece.text == "a" and follows_text and before_word
        if not (piece.kind == "word" or is_article):
            joined.append(piece)
        elif follows_text:
            joined[-2:] = [_Piece(rf"{joined[-2].text[:-1]} {piece.text}}}", "text")]
        else:
            joined.append(_Piece(rf"\text{{{piece.text}}}", "text"))
    return joined


def _space(before: str, after: str) -> str:
    if "text" in (before, after):
        return r"\ "
    is_product = before in ("atom", "close") and after in ("atom", "open")
    return r" \, " if is_product else " "
