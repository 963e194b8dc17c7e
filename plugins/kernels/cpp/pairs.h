// Products of pairs of bfloat16: vectors of them (AVX-512 BF16), with ZOO_TILES tiles of 16 rows
// (AMX).
//
// With ZOO_IMITATED the same products are made by plain loops, so that they can be tested on a
// processor that has neither.
#ifndef ZOO_PAIRS_H
#define ZOO_PAIRS_H

#include "bfloat16.h"

static_assert(ZOO_BYTES == 64, "a vector of 16 sums");
#ifndef ZOO_IMITATED
#include <immintrin.h>
#endif

namespace {

constexpr int64_t SUMS = 16, PAIR = 2, TILE_ROWS = 16, TILE_DEPTH = 32;

// sums (16) += w (16 pairs) · x (a pair)
ZOO_INLINE Of<float>::V pairs_add(Of<float>::V sums, const uint16_t *w, const uint16_t *x) {
#ifdef ZOO_IMITATED
  for (int64_t i = 0; i < SUMS; i++)
    sums[i] += widened(w[2 * i]) * widened(x[0]) + widened(w[2 * i + 1]) * widened(x[1]);
  return sums;
#else
  int pair;
  memcpy(&pair, x, sizeof pair);
  return Of<float>::V(_mm512_dpbf16_ps(__m512(sums), (__m512bh)_mm512_loadu_si512(w),
                                       (__m512bh)_mm512_set1_epi32(pair)));
#endif
}

// c (MR, NV vectors) = a (MR, K) · w; each sum in the order of k, however many rows there are.
template <int MR, int NV>
void pairs_product(int64_t K, const uint16_t *w, const uint16_t *a, int64_t lda, float *c) {
  Of<float>::V sums[MR][NV] = {};
  for (int64_t k = 0; k < K; k += PAIR)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++)
#pragma GCC unroll 4
      for (int r = 0; r < MR; r++)
        sums[r][v] = pairs_add(sums[r][v], w + (k / PAIR * NV + v) * SUMS * PAIR, a + r * lda + k);
  for (int r = 0; r < MR; r++)
    for (int v = 0; v < NV; v++) store(c + (r * NV + v) * SUMS, sums[r][v]);
}

#if ZOO_TILES

// Eight tiles of 16 rows of 64 bytes: 0 to 3 hold sums, 4 and 5 rows, 6 and 7 weights.
#ifdef ZOO_IMITATED

alignas(64) thread_local uint8_t tiles[8][TILE_ROWS][64];

void tiles_begin() {}
void tiles_end() {}

template <int TILE> void tile_zero() { memset(tiles[TILE], 0, sizeof tiles[TILE]); }

template <int TILE> void tile_load(const void *from, int64_t stride) {
  for (int64_t r = 0; r < TILE_ROWS; r++)
    memcpy(tiles[TILE][r], static_cast<const char *>(from) + r * stride, 64);
}

template <int TILE> void tile_store(void *to, int64_t stride) {
  for (int64_t r = 0; r < TILE_ROWS; r++)
    memcpy(static_cast<char *>(to) + r * stride, tiles[TILE][r], 64);
}

template <int TO, int A, int B> void tile_add() {
  for (int64_t r = 0; r < TILE_ROWS; r++)
    for (int64_t k = 0; k < TILE_ROWS; k++) {
      Of<float>::V sums;
      uint16_t pair[PAIR], w[SUMS * PAIR];
      memcpy(&sums, tiles[TO][r], sizeof sums);
      memcpy(pair, tiles[A][r] + k * sizeof pair, sizeof pair);
      memcpy(w, tiles[B][k], sizeof w);
      sums = pairs_add(sums, w, pair);
      memcpy(tiles[TO][r], &sums, sizeof sums);
    }
}

#else

void tiles_begin() {
  struct alignas(64) {
    uint8_t palette = 1, start = 0, reserved[14] = {};
    uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } settings;
  asm volatile("ldtilecfg %0" : : "m"(settings) : "memory");
}
void tiles_end() { asm volatile("tilerelease"); }

// As assembler: GCC's intrinsics take no template's number, nor say what memory they use.
template <int TILE> ZOO_INLINE void tile_zero() {
  asm volatile("tilezero %%tmm%c0" : : "i"(TILE));
}
template <int TILE> ZOO_INLINE void tile_load(const void *from, int64_t stride) {
  asm volatile("tileloadd (%1,%2,1), %%tmm%c0" : : "i"(TILE), "r"(from), "r"(stride) : "memory");
}
template <int TILE> ZOO_INLINE void tile_store(void *to, int64_t stride) {
  asm volatile("tilestored %%tmm%c0, (%1,%2,1)" : : "i"(TILE), "r"(to), "r"(stride) : "memory");
}
template <int TO, int A, int B> ZOO_INLINE void tile_add() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(TO), "i"(A), "i"(B));
}

#endif

// c (rows, NV vectors) = a · w. Two tiles of rows by two of columns at a time, so that each tile
// that is loaded is used twice. Rows are read, and sums written, up to a multiple of 16.
template <int NV>
void tiles_product(int64_t rows, int64_t K, const uint16_t *w, const uint16_t *a, int64_t lda,
                   float *c) {
  constexpr int64_t WIDE = NV * SUMS * PAIR * sizeof(uint16_t);  // bytes of a pair of k
  constexpr int64_t ACROSS = NV * SUMS * sizeof(float);          // bytes of a row of sums
  for (int64_t r = 0; r < rows; r += 2 * TILE_ROWS) {
    const bool two = r + TILE_ROWS < rows;
    const uint16_t *upper = a + r * lda, *lower = upper + TILE_ROWS * lda;
    for (int v = 0; v < NV; v += 2) {
      const bool pair = v + 1 < NV;
      tile_zero<0>(), tile_zero<1>(), tile_zero<2>(), tile_zero<3>();
      for (int64_t k = 0; k < K; k += TILE_DEPTH) {
        const uint16_t *left = w + (k / PAIR * NV + v) * SUMS * PAIR, *right = left + SUMS * PAIR;
        tile_load<4>(upper + k, lda * sizeof *a);
        tile_load<6>(left, WIDE);
        tile_add<0, 4, 6>();
        if (pair) tile_load<7>(right, WIDE), tile_add<1, 4, 7>();
        if (two) tile_load<5>(lower + k, lda * sizeof *a), tile_add<2, 5, 6>();
        if (two && pair) tile_add<3, 5, 7>();
      }
      float *to = c + r * NV * SUMS + v * SUMS, *below = to + TILE_ROWS * NV * SUMS;
      tile_store<0>(to, ACROSS);
      if (pair) tile_store<1>(to + SUMS, ACROSS);
      if (two) tile_store<2>(below, ACROSS);
      if (two && pair) tile_store<3>(below + SUMS, ACROSS);
    }
  }
}

#else

void tiles_begin() {}
void tiles_end() {}
template <int NV>
void tiles_product(int64_t, int64_t, const uint16_t *, const uint16_t *, int64_t, float *) {}

#endif

}  // namespace

#endif
