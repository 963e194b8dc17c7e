"""The calls for which oneDNN's LSTM is faster than our own kernels: the thresholds of ``auto``.

``auto`` tries the kernels in order, native before portable before torch, and passes over one that
does not pay. Native and portable do not pay for an LSTM of sizes at which oneDNN, which the torch
kernel calls, is faster; RNN and GRU are never faster there. What ``auto`` takes is at most 5 %
slower than the fastest one in every row below: thousand tokens per second of a training step,
without the optimizer, as ``python -m benchmarks --only choice`` measures it.

| cell and sizes | instructions, precision | torch | portable | native |
| --- | --- | --- | --- | --- |
| rnn B 4 T 64 H 256 | baseline fp32 | 22.0 | 38.4 | 46.0 |
| gru B 4 T 64 H 256 | baseline fp32 | 7.13 | 14.5 | 17.4 |
| lstm B 1 T 512 H 256 | baseline fp32 | 13.9 | 5.65 | 15.2 |
| lstm B 2 T 64 H 256 | baseline fp32 | 13.2 | 6.54 | 11.7 |
| lstm B 8 T 64 H 256 | baseline fp32 | 27.8 | 16.4 | 16.2 |
| lstm B 8 T 64 H 64 | baseline fp32 | 140 | 50.8 | 116 |
| lstm B 32 T 64 H 32 | baseline fp32 | 360 | 184 | 341 |
| rnn B 32 T 35 H 512 | baseline fp32 | 26.6 | 32.3 | 20.1 |
| lstm B 32 T 35 H 512 | baseline fp32 | 10.5 | 8.47 | 4.87 |
| gru B 32 T 35 H 512 | baseline fp32 | 8.44 | 11.7 | 6.44 |
| rnn B 512 T 8 H 256 | baseline fp32 | 42.9 | 47.4 | 29.8 |
| lstm B 512 T 8 H 256 | baseline fp32 | 32.8 | 35.6 | 18.5 |
| gru B 512 T 8 H 256 | baseline fp32 | 38.2 | 45.3 | 24.4 |
| lstm B 64 T 64 H 256 | baseline fp32 | 35.9 | 33.3 | 18.5 |
| rnn B 32 T 35 H 512 | avx2 fp32 | 30.0 | 35.6 | 42.7 |
| lstm B 32 T 35 H 512 | avx2 fp32 | 10.9 | 9.43 | 11.9 |
| gru B 32 T 35 H 512 | avx2 fp32 | 9.63 | 12.5 | 15.5 |
| rnn B 512 T 8 H 256 | avx2 fp32 | 41.4 | 48.0 | 49.0 |
| lstm B 512 T 8 H 256 | avx2 fp32 | 31.9 | 33.8 | 38.6 |
| gru B 512 T 8 H 256 | avx2 fp32 | 37.0 | 44.2 | 50.7 |
| lstm B 1 T 512 H 256 | avx2 fp32 | 17.6 | 6.33 | 21.9 |
| lstm B 32 T 35 H 1024 | avx2 fp32 | 2.62 | 2.17 | 2.71 |
| lstm B 32 T 35 H 2048 | avx2 fp32 | 0.66 | 0.51 | 0.68 |
| lstm B 32 T 35 H 512, 2 layers | avx2 fp32 | 3.92 | 3.28 | 3.95 |
| lstm B 32 T 35 H 512, bidirectional | avx2 fp32 | 5.44 | 4.50 | 5.99 |
| lstm B 64 T 64 H 256 | avx2 fp32 | 37.2 | 35.5 | 42.5 |
| lstm B 128 T 35 H 512 | avx2 fp32 | 11.1 | 9.99 | 11.3 |
| lstm B 512 T 35 H 512 | avx2 fp32 | 10.7 | 11.3 | 11.5 |
| lstm B 1 T 35 H 512, evaluation | avx2 fp32 | 7.04 | 4.69 | 7.67 |
| lstm B 32 T 35 H 512, evaluation | avx2 fp32 | 28.0 | 21.3 | 30.6 |
| lstm B 512 T 8 H 256, evaluation | avx2 fp32 | 97.0 | 92.6 | 113 |
| rnn B 32 T 35 H 512 | avx512_bf16 fp32 | 56.5 | 64.2 | 93.7 |
| lstm B 32 T 35 H 512 | avx512_bf16 fp32 | 25.9 | 17.3 | 28.1 |
| gru B 32 T 35 H 512 | avx512_bf16 fp32 | 20.7 | 24.6 | 35.9 |
| rnn B 512 T 8 H 256 | avx512_bf16 fp32 | 96.4 | 108 | 115 |
| lstm B 512 T 8 H 256 | avx512_bf16 fp32 | 81.4 | 81.2 | 96.0 |
| gru B 512 T 8 H 256 | avx512_bf16 fp32 | 85.3 | 101 | 118 |
| lstm B 1 T 512 H 256 | avx512_bf16 fp32 | 28.3 | 5.85 | 39.1 |
| lstm B 32 T 35 H 1024 | avx512_bf16 fp32 | 6.29 | 4.11 | 7.14 |
| lstm B 32 T 35 H 2048 | avx512_bf16 fp32 | 1.29 | 0.79 | 1.51 |
| lstm B 32 T 35 H 512, bidirectional | avx512_bf16 fp32 | 13.0 | 8.74 | 13.4 |
| lstm B 64 T 64 H 256 | avx512_bf16 fp32 | 82.4 | 52.9 | 93.8 |
| lstm B 128 T 35 H 512 | avx512_bf16 fp32 | 26.7 | 19.6 | 26.7 |
| lstm B 512 T 35 H 512 | avx512_bf16 fp32 | 25.9 | 23.3 | 28.5 |
| rnn B 32 T 35 H 512 | avx512_bf16 bf16 | 87.6 | 92.5 | 156 |
| lstm B 32 T 35 H 512 | avx512_bf16 bf16 | 44.6 | 28.1 | 47.8 |
| gru B 32 T 35 H 512 | avx512_bf16 bf16 | 30.6 | 36.7 | 59.4 |
| rnn B 512 T 8 H 256 | avx512_bf16 bf16 | 176 | 156 | 182 |
| lstm B 512 T 8 H 256 | avx512_bf16 bf16 | 136 | 121 | 157 |
| gru B 512 T 8 H 256 | avx512_bf16 bf16 | 138 | 131 | 180 |
| lstm B 1 T 512 H 256 | avx512_bf16 bf16 | 25.4 | 5.87 | 69.0 |
| lstm B 32 T 35 H 1024 | avx512_bf16 bf16 | 8.89 | 8.93 | 13.5 |
| lstm B 32 T 35 H 2048 | avx512_bf16 bf16 | 1.92 | 1.94 | 2.61 |
| lstm B 32 T 35 H 512, 2 layers | avx512_bf16 bf16 | 16.0 | 11.6 | 17.0 |
| lstm B 32 T 35 H 512, bidirectional | avx512_bf16 bf16 | 22.2 | 14.2 | 23.8 |
| lstm B 64 T 64 H 256 | avx512_bf16 bf16 | 105 | 52.0 | 128 |
| lstm B 128 T 35 H 512 | avx512_bf16 bf16 | 45.1 | 38.3 | 49.0 |
| lstm B 512 T 35 H 512 | avx512_bf16 bf16 | 51.9 | 43.2 | 54.7 |
| rnn B 32 T 35 H 512 | amx_bf16 fp32 | 70 | 99 | 136 |
| lstm B 32 T 35 H 512 | amx_bf16 fp32 | 36 | 34 | 37 |
| gru B 32 T 35 H 512 | amx_bf16 fp32 | 24 | 35 | 43 |
| lstm B 512 T 8 H 256 | amx_bf16 fp32 | 112 | 118 | 129 |
| gru B 512 T 8 H 256 | amx_bf16 fp32 | 105 | 136 | 158 |
| lstm B 1 T 512 H 256 | amx_bf16 fp32 | 37 | 38 | 61 |
| lstm B 32 T 35 H 1024 | amx_bf16 fp32 | 9.4 | 9.6 | 9.6 |
| lstm B 32 T 35 H 2048 | amx_bf16 fp32 | 2.44 | 2.48 | 2.34 |
| lstm B 32 T 35 H 512, 2 layers | amx_bf16 fp32 | 13.2 | 13.1 | 13.6 |
| lstm B 32 T 35 H 512, bidirectional | amx_bf16 fp32 | 14.6 | 15.9 | 15.9 |
| lstm B 64 T 64 H 256 | amx_bf16 fp32 | 113 | 105 | 139 |
| lstm B 128 T 35 H 512 | amx_bf16 fp32 | 38 | 37 | 40 |
| lstm B 512 T 35 H 512 | amx_bf16 fp32 | 40 | 41 | 43 |
| rnn B 32 T 35 H 512 | amx_bf16 bf16 | 101 | 118 | 211 |
| lstm B 32 T 35 H 512 | amx_bf16 bf16 | 77 | 34 | 81 |
| gru B 32 T 35 H 512 | amx_bf16 bf16 | 26 | 45 | 103 |
| lstm B 512 T 8 H 256 | amx_bf16 bf16 | 299 | 163 | 240 |
| gru B 512 T 8 H 256 | amx_bf16 bf16 | 200 | 202 | 307 |
| lstm B 1 T 512 H 256 | amx_bf16 bf16 | 17 | 8 | 62 |
| lstm B 32 T 35 H 1024 | amx_bf16 bf16 | 21 | 14 | 23 |
| lstm B 32 T 35 H 2048 | amx_bf16 bf16 | 4.5 | 4.5 | 6.5 |
| lstm B 32 T 35 H 512, 2 layers | amx_bf16 bf16 | 28 | 14 | 31 |
| lstm B 32 T 35 H 512, bidirectional | amx_bf16 bf16 | 33 | 14 | 36 |
| lstm B 64 T 64 H 256 | amx_bf16 bf16 | 265 | 99 | 210 |
| lstm B 128 T 35 H 512 | amx_bf16 bf16 | 118 | 58 | 85 |
| lstm B 512 T 35 H 512 | amx_bf16 bf16 | 141 | 68 | 97 |

avx2: AMD EPYC, 2026-11-28, one thread, medians of 7 turns in seconds of the processor, because
other programs ran. baseline: the same, native code alone without AVX2. amx_bf16: an Intel Xeon with
AVX-512 and AMX, 2026-11-27, two threads. avx512_bf16: AMD EPYC with AVX-512 and without AMX,
2026-11-28, two threads, nothing else ran. There, with one thread and in seconds of the processor,
an evaluation in bf16 by native has 0.92 of torch's speed with 1 row and 0.93 with 32 rows (T 35,
H 512), and 1.07 with 512 rows (T 8, H 256); a training step of two layers in fp32 (B 32, T 35,
H 512) has 0.97 and 0.99 in two measurements. Without compiled code, a bidirectional LSTM takes
torch, which is 8 % slower than portable in one of the rows, and an RNN of 512 rows in bf16 takes
portable, which is 11 % slower than torch.
"""

from __future__ import annotations

from typing import NamedTuple, final

import torch

from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.nn.kernel import ScanCase

LARGE = 1 << 62
"""More than any size."""


@final
class Sizes(NamedTuple):
    """Sizes of a call, the bounds included.

    Args:
        min_rows: The smallest B.
        max_rows: The largest B.
        min_width: The smallest H.
        max_symbols: The most symbols V that tokens stand for; features count as none.
    """

    min_rows: int = 0
    max_rows: int = LARGE
    min_width: int = 0
    max_symbols: int = LARGE

    def include(self, case: ScanCase) -> bool:
        """Whether the sizes of a call are among them."""
        return (
            self.min_rows <= case.batch_size <= self.max_rows
            and self.min_width <= case.cell.hidden_size
            and case.symbols <= self.max_symbols
        )


PORTABLE_FP32, PORTABLE_BF16 = Sizes(max_rows=255, max_symbols=255), Sizes()
"""Where the portable kernel gives way. oneDNN takes tokens as one-hot vectors, which are slow for
many symbols."""
NOWHERE = Sizes(max_rows=0)
"""No size of a call."""
AMX_FP32, AMX_BF16 = Sizes(min_width=2048), Sizes(min_rows=64)
"""Where compiled code on a processor with AMX gives way. With AVX2, it never does."""
AVX512_BF16_EVALUATION = Sizes(max_rows=63)
"""Where compiled code with AVX-512 and without AMX gives way, in evaluations alone."""
BASELINE, BASELINE_ROWS = Sizes(min_rows=2, max_symbols=255), 8
"""Where compiled code without AVX2 gives way to oneDNN, and the rows B from which it gives way to
any other kernel: their products use AVX2."""


def runs_faster_in_onednn(case: ScanCase, fp32: Sizes, bf16: Sizes) -> bool:
    """Returns whether torch would call oneDNN for an LSTM of sizes at which oneDNN is faster.

    Args:
        case: The call.
        fp32: The sizes at which oneDNN is faster in full precision.
        bf16: The sizes at which it is faster with products in bfloat16.
    """
    if case.cell.name != "lstm" or case.padded or case.device != "cpu":
        return False  # rows of different lengths take torch's own loop
    if case.dtype != torch.float32 or case.input_dtype not in (torch.float32, torch.int64):
        return False
    if not torch._C._has_mkldnn or not torch.backends.mkldnn.enabled:
        return False
    if not case.autocast:
        return fp32.include(case)
    # without instructions for bfloat16, oneDNN's LSTM has none either
    return multiplies_bfloat16("cpu") and bf16.include(case)
