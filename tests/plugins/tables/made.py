"""The rules that made the samples of zoo-tables; run it to write them anew.

uv run python -m tests.plugins.tables.made
"""

from __future__ import annotations

import random
from pathlib import Path

from zoo_core.data.tables import write_csv
from zoo_tables.samples import DATES, REQUESTS

THINGS = ("lamp", "chair", "kettle", "blanket", "clock", "mirror", "shelf", "teapot", "rug", "vase")
COLOURS = ("red", "blue", "green", "white", "black", "yellow")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
MONTHS = (
    ("January", 31),
    ("February", 28),
    ("March", 31),
    ("April", 30),
    ("May", 31),
    ("June", 30),
    ("July", 31),
    ("August", 31),
    ("September", 30),
    ("October", 31),
    ("November", 30),
    ("December", 31),
)
TEMPLATES = {
    "question": (
        "do you have the {thing} in {colour}?",
        "when will my {thing} arrive?",
        "is the {colour} {thing} back by {day}?",
        "how much is the {thing}, please?",
        "can I change the {colour} {thing} for a {other}?",
    ),
    "order": (
        "please send me {count} {colour} {thing}s",
        "I would like a {thing} in {colour}, please",
        "{count} {thing}s and a {other} by {day}, please",
        "I want to order the {colour} {thing}",
        "we need {count} {thing}s before {day}",
    ),
    "complaint": (
        "my {thing} came broken",
        "the {colour} {thing} has a crack",
        "I ordered {count} {thing}s and got one",
        "the {thing} is {colour}, not as I ordered it",
        "it is {day} and the {thing} is still not here",
    ),
    "thanks": (
        "thank you for the {colour} {thing}",
        "the {thing} is lovely, thanks",
        "thanks, the {other} came on {day}",
        "we are very happy with the {colour} {thing}s",
        "great service, the {thing} is just right",
    ),
}
MESSAGES = 640
PAIRS = 1500


def requests() -> bytes:
    """Returns short messages with one of four labels, all different."""
    draw = random.Random(1)
    rows: dict[str, str] = {}
    labels = list(TEMPLATES)
    while len(rows) < MESSAGES:
        label = labels[len(rows) % len(labels)]
        thing, other = draw.sample(THINGS, 2)
        text = draw.choice(TEMPLATES[label]).format(
            thing=thing,
            other=other,
            colour=draw.choice(COLOURS),
            day=draw.choice(DAYS),
            count=draw.choice(("two", "three", "four", "five", "ten")),
        )
        rows.setdefault(text, label)
    return write_csv(("text", "label"), list(rows.items()))


def dates() -> bytes:
    """Returns dates in words and as numbers, all different."""
    draw = random.Random(1)
    rows: dict[str, str] = {}
    while len(rows) < PAIRS:
        month = draw.randrange(12)
        name, days = MONTHS[month]
        day, year = draw.randint(1, days), draw.randint(1950, 2049)
        words = draw.choice((f"{day} {name} {year}", f"{name} {day}, {year}"))
        rows[words] = f"{year}-{month + 1:02}-{day:02}"
    return write_csv(("source", "target"), list(rows.items()))


SAMPLES = {REQUESTS: requests, DATES: dates}


def main() -> None:
    """Writes the samples."""
    for path, rule in SAMPLES.items():
        Path(path).write_bytes(rule())


if __name__ == "__main__":
    main()
