// The product of some rows with a weight, tile by tile.
//
// A tile is NV vectors wide. The weight is packed beforehand so that the NV vectors of one k lie
// side by side. It is read in blocks that stay in the first-level cache while all rows are
// multiplied with them.
//
// FullPrecision is the default way in which a time loop makes its products. Bf16Products and
// Bf16Weights have the same interface.
#ifndef ZOO_PRODUCT_H
#define ZOO_PRODUCT_H

#include "transpose.h"
#include "vector.h"

namespace {

constexpr int64_t BLOCK = 128;  // rows of the weight (k) in one block
constexpr int64_t ROWS = 48;    // rows that are multiplied with a tile before the next tile
// AVX-512 has 32 vector registers, SSE and AVX2 have 16.
constexpr bool HAS_32_REGISTERS = ZOO_VECTOR_BYTES >= 64;

// c (NV vectors) = a (K) · w (K, NV vectors). Several partial sums of each vector, each of every so
// many k, hide the latency of the additions. Weights are prefetched: they may be in no near cache.
template <class Real, int NV>
ZOO_INLINE void one_row(int64_t K, const Real *w, const Real *a, Real *c) {
  typedef typename Simd<Real>::V V;
  constexpr int64_t L = lanes<Real>, PREFETCH_DISTANCE = 2048 / sizeof(Real), CACHE_LINE = 64 / sizeof(Real);
  constexpr int PARTIAL_SUMS = NV > 4 ? 1 : 8 / NV;
  V sums[PARTIAL_SUMS][NV] = {};
  int64_t k = 0;
  for (; k + PARTIAL_SUMS <= K; k += PARTIAL_SUMS) {
#pragma GCC unroll 8
    for (int64_t i = 0; i < PARTIAL_SUMS * NV * L; i += CACHE_LINE)
      __builtin_prefetch(w + k * NV * L + PREFETCH_DISTANCE + i);
#pragma GCC unroll 8
    for (int s = 0; s < PARTIAL_SUMS; s++) {
      const V x = broadcast(a[k + s]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; v++) sums[s][v] += x * load(w + ((k + s) * NV + v) * L);
    }
  }
  for (; k < K; k++)
#pragma GCC unroll 8
    for (int v = 0; v < NV; v++) sums[0][v] += broadcast(a[k]) * load(w + (k * NV + v) * L);
#pragma GCC unroll 8
  for (int v = 0; v < NV; v++) {
    V total = sums[0][v];
#pragma GCC unroll 8
    for (int s = 1; s < PARTIAL_SUMS; s++) total += sums[s][v];
    store(c + v * L, total);
  }
}

// The number of rows whose sums of NV vectors fit into registers.
template <int NV> constexpr int rows_in_registers() {
  constexpr int SUMS = HAS_32_REGISTERS ? 24 : 12;
  return SUMS / NV > 8 ? 8 : SUMS / NV;
}

// sums (MR, NV vectors) += a (MR, K) · w (K, NV vectors).
template <class Real, int MR, int NV>
ZOO_INLINE void add_products(int64_t K, const Real *w, const Real *a, int64_t lda,
                             typename Simd<Real>::V (&sums)[MR][NV]) {
  typedef typename Simd<Real>::V V;
  constexpr int64_t L = lanes<Real>;
  for (int64_t k = 0; k < K; k++) {
    if (MR <= NV) {
      V x[MR];
#pragma GCC unroll 16
      for (int r = 0; r < MR; r++) x[r] = broadcast(a[r * lda + k]);
#pragma GCC unroll 16
      for (int v = 0; v < NV; v++) {
        V weights = load(w + (k * NV + v) * L);
#pragma GCC unroll 16
        for (int r = 0; r < MR; r++) sums[r][v] += x[r] * weights;
      }
    } else {
      V weights[NV];
#pragma GCC unroll 16
      for (int v = 0; v < NV; v++) weights[v] = load(w + (k * NV + v) * L);
#pragma GCC unroll 16
      for (int r = 0; r < MR; r++) {
        V x = broadcast(a[r * lda + k]);
#pragma GCC unroll 16
        for (int v = 0; v < NV; v++) sums[r][v] += x * weights[v];
      }
    }
  }
}

// c (MR, NV vectors) += a (MR, K) · w (K, NV vectors), with all sums in registers.
template <class Real, int MR, int NV>
ZOO_INLINE void few_rows(int64_t K, const Real *w, const Real *a, int64_t lda, Real *c) {
  constexpr int64_t L = lanes<Real>;
  typename Simd<Real>::V sums[MR][NV];
#pragma GCC unroll 16
  for (int r = 0; r < MR; r++)
#pragma GCC unroll 16
    for (int v = 0; v < NV; v++) sums[r][v] = load(c + (r * NV + v) * L);
  add_products<Real, MR, NV>(K, w, a, lda, sums);
#pragma GCC unroll 16
  for (int r = 0; r < MR; r++)
#pragma GCC unroll 16
    for (int v = 0; v < NV; v++) store(c + (r * NV + v) * L, sums[r][v]);
}

// The same for any number of rows up to MR.
template <class Real, int MR, int NV>
ZOO_INLINE void rows_up_to(int64_t rows, int64_t K, const Real *w, const Real *a, int64_t lda,
                           Real *c) {
  if constexpr (MR > 1)
    if (rows < MR) return rows_up_to<Real, MR - 1, NV>(rows, K, w, a, lda, c);
  few_rows<Real, MR, NV>(K, w, a, lda, c);
}

// The dot product of two rows of length K.
template <class Real> ZOO_INLINE Real dot(int64_t K, const Real *a, const Real *b) {
  typedef typename Simd<Real>::V V;
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

// Products in full precision. The rows are multiplied where they are, without a copy.
template <class Real> struct FullPrecision {
  typedef Real Number;   // of a packed weight
  typedef Real Operand;  // of the rows
  static constexpr bool COPIES_ROWS = false;  // whether rows are converted before the product
  // Whether the cell can take sums from registers, without `product`.
  static constexpr bool HAS_SUMS_IN_REGISTERS = true;
  // With fewer rows for each thread, columns are divided among the threads instead.
  static constexpr int64_t MIN_ROWS_PER_THREAD = 16;

  static int64_t depth(int64_t K) { return K; }  // rows of a packed weight
  static void begin() {}                         // called in each thread before its products
  static void end() {}

  // c (rows, NV vectors) = a (rows, K) · w, for as many rows at a time as the registers have space
  // for sums. The sums of a row do not depend on the rows beside it, so threads may divide the rows
  // in any way. Only if the whole batch is one row (`alone`), its sums may differ.
  template <int NV>
  static void product(int64_t rows, int64_t K, const Number *w, const Operand *a, int64_t lda,
                      Real *c, bool alone) {
    if (alone) return one_row<Real, NV>(K, w, a, c);
    constexpr int64_t L = lanes<Real>;
    constexpr int MR = rows_in_registers<NV>();
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

  // Packs NV vectors of the rows of W, (K, width), starting at a column, into the packed rows
  // starting at `row`. Columns beyond the width are zero.
  template <int NV>
  static void pack(int64_t K, int64_t width, int64_t column, const Real *from, int64_t row,
                   Number *to) {
    constexpr int64_t N = NV * lanes<Real>;
    const int64_t n = width - column < N ? width - column : N;
    to += row * N;
    for (int64_t k = 0; k < K; k++, to += N) {
      if (n == N) {  // a length that the compiler knows takes no call
        memcpy(to, from + k * width + column, N * sizeof(Real));
        continue;
      }
      memcpy(to, from + k * width + column, n * sizeof(Real));
      memset(to + n, 0, (N - n) * sizeof(Real));
    }
  }

  // Packs the transpose of W, (columns, K): vector v of NV holds the columns from first[v] up to
  // last[v].
  template <int NV>
  static void pack_transposed(int64_t K, const int64_t *first, const int64_t *last,
                              const Real *from, Number *to) {
    pack_rows(K, NV, first, last, from, to);
  }
};

}  // namespace

#endif
