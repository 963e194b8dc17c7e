// The product of a few rows with a weight, tile by tile.
//
// A tile is NV vectors wide. The weight is packed beforehand so that the NV vectors of one k lie
// side by side, and read in blocks that stay in the first-level cache while the rows pass by.
//
// `Plain` says how a sweep makes its products: in full precision. `Halves`, in halves.h, says the
// same for bfloat16.
#ifndef ZOO_PRODUCT_H
#define ZOO_PRODUCT_H

#include "vector.h"

namespace {

constexpr int64_t BLOCK = 128;  // of k
constexpr int64_t ROWS = 48;    // that share a tile
constexpr bool MANY_REGISTERS = ZOO_BYTES >= 64;

// c (NV vectors) = a (K) · w (K, NV vectors). One sum for each vector would wait for itself: there
// are several, each of every so many k. Weights that no near cache holds are asked for early.
template <class Real, int NV>
ZOO_INLINE void one_row(int64_t K, const Real *w, const Real *a, Real *c) {
  typedef typename Of<Real>::V V;
  constexpr int64_t L = lanes<Real>, EARLY = 2048 / sizeof(Real), LINE = 64 / sizeof(Real);
  constexpr int SETS = NV > 4 ? 1 : 8 / NV;
  V sums[SETS][NV] = {};
  int64_t k = 0;
  for (; k + SETS <= K; k += SETS) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < SETS * NV * L; i += LINE)
      __builtin_prefetch(w + k * NV * L + EARLY + i);
#pragma GCC unroll 8
    for (int s = 0; s < SETS; s++) {
      const V x = all(a[k + s]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; v++) sums[s][v] += x * load(w + ((k + s) * NV + v) * L);
    }
  }
  for (; k < K; k++)
#pragma GCC unroll 8
    for (int v = 0; v < NV; v++) sums[0][v] += all(a[k]) * load(w + (k * NV + v) * L);
#pragma GCC unroll 8
  for (int v = 0; v < NV; v++) {
    V total = sums[0][v];
#pragma GCC unroll 8
    for (int s = 1; s < SETS; s++) total += sums[s][v];
    store(c + v * L, total);
  }
}

// c (MR, NV vectors) += a (MR, K) · w (K, NV vectors), the sums in registers.
template <class Real, int MR, int NV>
ZOO_INLINE void few_rows(int64_t K, const Real *w, const Real *a, int64_t lda, Real *c) {
  typedef typename Of<Real>::V V;
  constexpr int64_t L = lanes<Real>;
  V sums[MR][NV];
#pragma GCC unroll 16
  for (int r = 0; r < MR; r++)
#pragma GCC unroll 16
    for (int v = 0; v < NV; v++) sums[r][v] = load(c + (r * NV + v) * L);
  for (int64_t k = 0; k < K; k++) {
    if (MR <= NV) {
      V x[MR];
#pragma GCC unroll 16
      for (int r = 0; r < MR; r++) x[r] = all(a[r * lda + k]);
#pragma GCC unroll 16
      for (int v = 0; v < NV; v++) {
        V each = load(w + (k * NV + v) * L);
#pragma GCC unroll 16
        for (int r = 0; r < MR; r++) sums[r][v] += x[r] * each;
      }
    } else {
      V each[NV];
#pragma GCC unroll 16
      for (int v = 0; v < NV; v++) each[v] = load(w + (k * NV + v) * L);
#pragma GCC unroll 16
      for (int r = 0; r < MR; r++) {
        V x = all(a[r * lda + k]);
#pragma GCC unroll 16
        for (int v = 0; v < NV; v++) sums[r][v] += x * each[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < MR; r++)
#pragma GCC unroll 16
    for (int v = 0; v < NV; v++) store(c + (r * NV + v) * L, sums[r][v]);
}

// As many rows as are asked for, at most MR.
template <class Real, int MR, int NV>
ZOO_INLINE void rows_up_to(int64_t rows, int64_t K, const Real *w, const Real *a, int64_t lda,
                           Real *c) {
  if constexpr (MR > 1)
    if (rows < MR) return rows_up_to<Real, MR - 1, NV>(rows, K, w, a, lda, c);
  few_rows<Real, MR, NV>(K, w, a, lda, c);
}

// One number: the product of two rows of length K.
template <class Real> ZOO_INLINE Real dot(int64_t K, const Real *a, const Real *b) {
  typedef typename Of<Real>::V V;
  constexpr int64_t L = lanes<Real>;
  V sums[4] = {};
  int64_t k = 0;
  for (; k + 4 * L <= K; k += 4 * L)
#pragma GCC unroll 4
    for (int i = 0; i < 4; i++) sums[i] += load(a + k + i * L) * load(b + k + i * L);
  for (; k + L <= K; k += L) sums[0] += load(a + k) * load(b + k);
  if (k < K) sums[1] += load(a + k, K - k) * load(b + k, K - k);
  return sum<Real>((sums[0] + sums[1]) + (sums[2] + sums[3]));
}

// Products in full precision: the rows are multiplied as they lie.
template <class Real> struct Plain {
  typedef Real Number;    // as weights are packed
  typedef Real Operand;   // as rows are multiplied
  static constexpr bool COPIES = false;     // whether rows are copied to be multiplied
  static constexpr int64_t ROWS_EACH = 16;  // that a thread should have, lest columns be shared out

  static int64_t depth(int64_t K) { return K; }  // of a packed weight
  static void begin() {}                         // in each thread, before its products
  static void end() {}

  // c (rows, NV vectors) = a (rows, K) · w: as many rows at a time as the registers hold sums for.
  // The sums of a row are the same whichever rows are beside it, so that threads may share them out
  // in any way; only where there is but one row at all, `alone`, may they be others.
  template <int NV>
  static void product(int64_t rows, int64_t K, const Number *w, const Operand *a, int64_t lda,
                      Real *c, bool alone) {
    if (alone) return one_row<Real, NV>(K, w, a, c);
    constexpr int64_t L = lanes<Real>;
    constexpr int SUMS = MANY_REGISTERS ? 24 : 12;
    constexpr int MR = SUMS / NV > 8 ? 8 : SUMS / NV;
    const int64_t parts = (rows + MR - 1) / MR;
    memset(c, 0, rows * NV * L * sizeof(Real));
    for (int64_t k = 0; k < K; k += BLOCK) {
      const int64_t n = K - k < BLOCK ? K - k : BLOCK;
      for (int64_t i = 0; i < parts; i++) {
        const int64_t r = rows * i / parts, end = rows * (i + 1) / parts;
        rows_up_to<Real, MR, NV>(end - r, n, w + k * NV * L, a + r * lda + k, lda, c + r * NV * L);
      }
    }
  }

  // Packs NV vectors of the rows of W, (K, width), from a column on, to the rows from `row` on;
  // beyond the width lie zeros.
  template <int NV>
  static void pack(int64_t K, int64_t width, int64_t column, const Real *from, int64_t row,
                   Number *to) {
    constexpr int64_t N = NV * lanes<Real>;
    const int64_t n = width - column < N ? width - column : N;
    to += row * N;
    for (int64_t k = 0; k < K; k++, to += N) {
      memcpy(to, from + k * width + column, n * sizeof(Real));
      memset(to + n, 0, (N - n) * sizeof(Real));
    }
  }

  // The same of the columns of W, (columns, K): vector v of NV holds the columns from first[v] up
  // to last[v]. In blocks of k, so that what is written stays near.
  template <int NV>
  static void pack_transposed(int64_t K, const int64_t *first, const int64_t *last,
                              const Real *from, Number *to) {
    constexpr int64_t L = lanes<Real>;
    for (int64_t start = 0; start < K; start += 64) {
      const int64_t end = start + 64 < K ? start + 64 : K;
      for (int v = 0; v < NV; v++)
        for (int64_t lane = 0; lane < L; lane++) {
          const bool there = first[v] + lane < last[v];
          const Real *row = from + (first[v] + lane) * K;
          for (int64_t k = start; k < end; k++)
            to[(k * NV + v) * L + lane] = there ? row[k] : Real(0);
        }
    }
  }
};

}  // namespace

#endif
