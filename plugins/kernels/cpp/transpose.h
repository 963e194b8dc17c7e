// Transposes blocks of numbers in registers, to pack the rows of a weight as columns.
#ifndef ZOO_TRANSPOSE_H
#define ZOO_TRANSPOSE_H

#include <utility>

#include "vector.h"

namespace {

// Half of the lanes of two vectors in turns, from lane FIRST on: a0 b0 a1 b1 ...
template <class Real, int FIRST, int... LANES>
ZOO_INLINE typename Simd<Real>::V interleave(typename Simd<Real>::V a, typename Simd<Real>::V b,
                                             std::integer_sequence<int, LANES...>) {
  constexpr int L = lanes<Real>;
#if defined __clang__
  return __builtin_shufflevector(a, b, (FIRST + LANES / 2 + LANES % 2 * L)...);
#else
  return __builtin_shuffle(a, b, typename Simd<Real>::I{(FIRST + LANES / 2 + LANES % 2 * L)...});
#endif
}

// Transposes a square block: lane k of rows[i] becomes lane i of rows[k]. Interleaving row i with row
// i + L / 2 rotates the bits of (i, k), taken as one number, by one place. After as many times as an
// index has bits, i and k have changed places.
template <class Real> ZOO_INLINE void transpose(typename Simd<Real>::V (&rows)[lanes<Real>]) {
  constexpr int L = lanes<Real>;
  constexpr auto all = std::make_integer_sequence<int, L>();
#pragma GCC unroll 4
  for (int i = 1; i < L; i *= 2) {
    typename Simd<Real>::V next[L];
#pragma GCC unroll 8
    for (int r = 0; r < L / 2; r++) {
      next[2 * r] = interleave<Real, 0>(rows[r], rows[r + L / 2], all);
      next[2 * r + 1] = interleave<Real, L / 2>(rows[r], rows[r + L / 2], all);
    }
#pragma GCC unroll 16
    for (int r = 0; r < L; r++) rows[r] = next[r];
  }
}

// Calls use(k, v, columns) for blocks of the rows of W, (rows, K): columns[i] is column k + i of the
// rows from first[v] up to last[v]. Further rows, and columns from K up to `depth`, are zeros. A few
// columns of all NV vectors come first, so that what is written of them stays in the cache.
template <class Real, class Use>
ZOO_INLINE void for_each_transposed_block(int64_t K, int64_t depth, int NV, const int64_t *first,
                                          const int64_t *last, const Real *from, Use use) {
  constexpr int64_t L = lanes<Real>, COLUMNS = 64;
  for (int64_t start = 0; start < depth; start += COLUMNS)
    for (int v = 0; v < NV; v++) {
      const int64_t rows = last[v] - first[v], end = start + COLUMNS;
      for (int64_t k = start; k < depth && k < end; k += L) {
        const int64_t n = K - k < L ? K - k : L;
        const Real *block = from + first[v] * K + k;
        int64_t stride = K;
        Real edge[L * L];
        if (rows < L || n < L) {
          memset(edge, 0, sizeof edge);
          for (int64_t i = 0; i < rows && i < L && n > 0; i++)
            memcpy(edge + i * L, block + i * K, n * sizeof(Real));
          block = edge, stride = L;
        }
        typename Simd<Real>::V columns[L];
#pragma GCC unroll 16
        for (int i = 0; i < L; i++) columns[i] = load(block + i * stride);
        transpose<Real>(columns);
        use(k, v, columns);
      }
    }
}

// Packs rows of W, (rows, K), so that the vectors of one k lie side by side: vector v of NV holds the
// rows from first[v] up to last[v].
template <class Real>
ZOO_INLINE void pack_rows(int64_t K, int NV, const int64_t *first, const int64_t *last,
                          const Real *from, Real *to) {
  constexpr int64_t L = lanes<Real>;
  for_each_transposed_block(K, K, NV, first, last, from,
                            [=](int64_t k, int v, const typename Simd<Real>::V *columns) {
#pragma GCC unroll 16
                              for (int i = 0; i < L; i++)
                                if (k + i < K) store(to + ((k + i) * NV + v) * L, columns[i]);
                            });
}

}  // namespace

#endif
