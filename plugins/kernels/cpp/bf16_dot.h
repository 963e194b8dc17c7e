// Dot products of pairs of bfloat16: by vectors (AVX-512 BF16) or, with ZOO_AMX, by tiles of 16 rows
// (AMX).
//
// With ZOO_EMULATED plain loops make the same products, so that they can be tested on a processor
// that has neither.
#ifndef ZOO_BF16_DOT_H
#define ZOO_BF16_DOT_H

#include "bf16.h"

static_assert(ZOO_VECTOR_BYTES == 64, "a vector of 16 sums");
#ifndef ZOO_EMULATED
#include <immintrin.h>
#endif

namespace {

constexpr int64_t SUMS = 16, PAIR = 2, TILE_ROWS = 16, TILE_DEPTH = 32;

// sums (16) += w (16 pairs) · x (a pair)
ZOO_INLINE Simd<float>::V pairs_add(Simd<float>::V sums, const uint16_t *w, const uint16_t *x) {
#ifdef ZOO_EMULATED
  for (int64_t i = 0; i < SUMS; i++)
    sums[i] += from_bf16(w[2 * i]) * from_bf16(x[0]) + from_bf16(w[2 * i + 1]) * from_bf16(x[1]);
  return sums;
#else
  int pair;
  memcpy(&pair, x, sizeof pair);
  return Simd<float>::V(_mm512_dpbf16_ps(__m512(sums), (__m512bh)_mm512_loadu_si512(w),
                                       (__m512bh)_mm512_set1_epi32(pair)));
#endif
}

// c (MR, NV vectors) = a (MR, K) · w. Each sum is made in the order of k, whatever the number of
// rows.
template <int MR, int NV>
void pairs_product(int64_t K, const uint16_t *w, const uint16_t *a, int64_t lda, float *c) {
  Simd<float>::V sums[MR][NV] = {};
  for (int64_t k = 0; k < K; k += PAIR)
#pragma GCC unroll 4
    for (int v = 0; v < NV; v++)
#pragma GCC unroll 4
      for (int r = 0; r < MR; r++)
        sums[r][v] = pairs_add(sums[r][v], w + (k / PAIR * NV + v) * SUMS * PAIR, a + r * lda + k);
  for (int r = 0; r < MR; r++)
    for (int v = 0; v < NV; v++) store(c + (r * NV + v) * SUMS, sums[r][v]);
}

// The same for any number of rows up to MR.
template <int MR, int NV>
void pairs_product_up_to(int64_t rows, int64_t K, const uint16_t *w, const uint16_t *a, int64_t lda,
                         float *c) {
  if constexpr (MR > 1)
    if (rows < MR) return pairs_product_up_to<MR - 1, NV>(rows, K, w, a, lda, c);
  pairs_product<MR, NV>(K, w, a, lda, c);
}

#if ZOO_AMX

// Eight tiles of 16 rows of 64 bytes: 0 to 3 hold sums, 4 and 5 rows of a, 6 and 7 weights.
#ifdef ZOO_EMULATED

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
      Simd<float>::V sums;
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
    uint8_t palette = 1, start_row = 0, reserved[14] = {};
    uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
    uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
  } settings;
  asm volatile("ldtilecfg %0" : : "m"(settings) : "memory");
}
void tiles_end() { asm volatile("tilerelease"); }

// In assembler, because GCC's intrinsics accept no template argument as a tile's number and do not
// declare the memory that they access.
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

// c (rows, NV vectors) = a · w. Two tiles of rows by two tiles of columns at a time, so each loaded
// tile is used twice. Rows are read and sums are written up to a multiple of 16.
template <int NV>
void tiles_product(int64_t rows, int64_t K, const uint16_t *w, const uint16_t *a, int64_t lda,
                   float *c) {
  constexpr int64_t WEIGHT_STRIDE = NV * SUMS * PAIR * sizeof(uint16_t);  // bytes of a pair of k
  constexpr int64_t SUM_STRIDE = NV * SUMS * sizeof(float);               // bytes of a row of sums
  for (int64_t r = 0; r < rows; r += 2 * TILE_ROWS) {
    const bool two = r + TILE_ROWS < rows;
    const uint16_t *upper = a + r * lda, *lower = upper + TILE_ROWS * lda;
    for (int v = 0; v < NV; v += 2) {
      const bool pair = v + 1 < NV;
      tile_zero<0>(), tile_zero<1>(), tile_zero<2>(), tile_zero<3>();
      for (int64_t k = 0; k < K; k += TILE_DEPTH) {
        const uint16_t *left = w + (k / PAIR * NV + v) * SUMS * PAIR, *right = left + SUMS * PAIR;
        tile_load<4>(upper + k, lda * sizeof *a);
        tile_load<6>(left, WEIGHT_STRIDE);
        tile_add<0, 4, 6>();
        if (pair) tile_load<7>(right, WEIGHT_STRIDE), tile_add<1, 4, 7>();
        if (two) tile_load<5>(lower + k, lda * sizeof *a), tile_add<2, 5, 6>();
        if (two && pair) tile_add<3, 5, 7>();
      }
      float *to = c + r * NV * SUMS + v * SUMS, *below = to + TILE_ROWS * NV * SUMS;
      tile_store<0>(to, SUM_STRIDE);
      if (pair) tile_store<1>(to + SUMS, SUM_STRIDE);
      if (two) tile_store<2>(below, SUM_STRIDE);
      if (two && pair) tile_store<3>(below + SUMS, SUM_STRIDE);
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
