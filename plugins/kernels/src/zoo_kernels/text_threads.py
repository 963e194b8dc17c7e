"""How many threads generate a text, and how many symbols in a call: measured while it is made."""

from __future__ import annotations

from math import sqrt
from typing import final

MIN_SYMBOLS, MIN_SECONDS = 128, 0.001
"""Symbols of a call, or its time, from which on the time says something: the first calls of a text
make fewer, and wake threads that sleep, whose caches hold no weights."""
TRIAL_SYMBOLS = (16, 64)
"""The most symbols of the two calls of a trial. The time of the first does not count: it wakes
threads, too."""
FIRST_SYMBOLS, GROWTH = 16, 4
"""Symbols of the first call, and the factor of the next one as long as no time says something."""
SECONDS_PER_CALL = 0.0025
"""Time of a call afterwards. In a longer call, Ctrl+C would wait, and so would the choice of
another number of threads when a process begins to occupy a core. In a shorter one, the 0.02 ms that
it takes besides its symbols would count."""
MAX_SYMBOLS = 1 << 14
"""The most symbols of a call, for which there is memory."""
TIME_BETWEEN_TRIALS = 50
"""The time between two trials, in times of a trial: at most 2 % of the time is lost by them."""
GAIN_OF_FEWER, GAIN_OF_MORE = 0.4, 0.95
"""The share of the time that fewer threads, or more, take at most where they are chosen. What slows
several threads down is often over soon: the threads of another program, or of torch, that spin."""


@final
class TextThreads:
    """Chooses among a number of threads, its half, and so on down to one thread.

    All of them generate the same symbols, bit for bit. Which is the fastest depends on more than
    the sizes. For every symbol, the threads wait for one another after each layer and after the
    logits: 50 ns where two cores share a cache, 250 ns where they do not, and milliseconds where
    another process occupies a core. With 256 hidden units, a step of an RNN by two threads takes
    2.3 us on two neighbours, 4.1 us on distant cores and 20 to 80 us beside a busy process; by one
    thread, 3.5 to 4.5 us (Zen 4).

    Args:
        most: The number of threads to begin with, which the work is worth.
    """

    def __init__(self, most: int) -> None:
        self._numbers = [most >> halvings for halvings in range(most.bit_length())]
        self._seconds: dict[int, float] = {}  # for a symbol, by the number of threads
        self._chosen, self._direction = 0, 1  # of the numbers; 1: toward fewer threads
        self._until_trial, self._first_call = 0.0, 0.0
        self._unmeasured = FIRST_SYMBOLS  # symbols of the next call while no time is known

    @property
    def is_trial(self) -> bool:
        """Whether the next call tries another number than the one chosen."""
        is_due = self._until_trial <= 0 and self._numbers[self._chosen] in self._seconds
        return is_due and len(self._numbers) > 1

    @property
    def number(self) -> int:
        """The number of threads of the next call."""
        place = self._chosen
        if self.is_trial:
            place += self._direction
            if not 0 <= place < len(self._numbers):
                place = self._chosen - self._direction
        return self._numbers[place]

    @property
    def symbols(self) -> int:
        """The most symbols of the next call, of all texts together."""
        if self._numbers[self._chosen] not in self._seconds:
            return self._unmeasured
        most = TRIAL_SYMBOLS[bool(self._first_call)] if self.is_trial else MAX_SYMBOLS
        return min(self._planned, most)

    @property
    def _planned(self) -> int:
        """The symbols that the chosen number of threads makes in the time of a call."""
        seconds = self._seconds[self._numbers[self._chosen]]
        return max(int(SECONDS_PER_CALL / seconds), 1)

    def note(self, number: int, symbols: int, seconds: float) -> None:
        """Notes how long a call with some number of threads took.

        Args:
            number: The number of threads.
            symbols: Those that were read or made, of all texts together.
            seconds: The time of the call.
        """
        chosen = self._numbers[self._chosen]
        if number != chosen and not self._first_call:
            self._first_call = seconds
            return
        if number == chosen and symbols < MIN_SYMBOLS and seconds < MIN_SECONDS:
            if number not in self._seconds:
                self._unmeasured = min(GROWTH * self._unmeasured, MAX_SYMBOLS)
                return
            if symbols < self._planned:  # else it corrects a time that was too long
                return
        # A mean with what was measured before: beside a busy process, the times of one number
        # differ widely. The geometric one soon forgets a long time when that process has ended.
        each = seconds / symbols
        self._seconds[number] = sqrt(self._seconds.get(number, each) * each)
        if number == chosen:
            self._until_trial -= seconds
            return
        self._until_trial = TIME_BETWEEN_TRIALS * (self._first_call + seconds)
        self._first_call = 0.0
        gain = GAIN_OF_FEWER if number < chosen else GAIN_OF_MORE
        if self._seconds[number] >= gain * self._seconds[chosen]:
            self._direction = -self._direction
            return
        self._chosen = self._numbers.index(number)
        if number not in (self._numbers[0], self._numbers[-1]):
            self._until_trial = 0.0  # the number beyond it may be faster still
