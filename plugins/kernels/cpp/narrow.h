// Products of one row in float with weights that are kept in bfloat16: half as much to read.
//
// Reading them is what such a product takes its time for, so any processor gains, whether or not
// it has instructions for bfloat16.
#ifndef ZOO_NARROW_H
#define ZOO_NARROW_H

#include "bfloat16.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "of a pair the first is the lower half");

namespace {

// Two k lie side by side, for each column: (depth / 2, NV vectors, 2).
struct Narrow {
  typedef uint16_t Number;
  typedef float Operand;
  static constexpr bool COPIES = false;
  static constexpr int64_t ROWS_EACH = 16;
  static constexpr int64_t L = lanes<float>;

  static int64_t depth(int64_t K) { return (K + 1) / 2 * 2; }
  static void begin() {}
  static void end() {}

  // c (NV vectors) = a (K) · w. Sums for several pairs of k, as none can wait for itself. Asking for
  // weights early, as for those in full precision, would cost more than it gains.
  template <int NV>
  static void product(int64_t rows, int64_t K, const uint16_t *w, const float *a, int64_t lda,
                      float *c, bool) {
    for (int64_t r = 0; r < rows; r++) {
      typedef Of<float>::V V;
      constexpr int SETS = NV > 2 ? 1 : 4 / NV;
      const float *x = a + r * lda;
      V even[SETS][NV] = {}, odd[SETS][NV] = {};
      int64_t k = 0;
      for (; k + 2 * SETS <= K; k += 2 * SETS) {
#pragma GCC unroll 8
        for (int s = 0; s < SETS; s++)
          add<NV>(w + (k + 2 * s) * NV * L, x[k + 2 * s], x[k + 2 * s + 1], even[s], odd[s]);
      }
      for (; k < K; k += 2)
        add<NV>(w + k * NV * L, x[k], k + 1 < K ? x[k + 1] : 0, even[0], odd[0]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; v++) {
        V total = even[0][v] + odd[0][v];
#pragma GCC unroll 8
        for (int s = 1; s < SETS; s++) total += even[s][v] + odd[s][v];
        store(c + (r * NV + v) * L, total);
      }
    }
  }

  // even += x · w[k], odd += y · w[k + 1]: of a pair the first is the lower half, whose bits have
  // to move up, and the second the upper.
  template <int NV>
  ZOO_INLINE void add(const uint16_t *w, float x, float y, Of<float>::V *even, Of<float>::V *odd) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; v++) {
      Of<float>::I pairs;
      Of<float>::V first, second;
      memcpy(&pairs, w + v * 2 * L, sizeof pairs);
      const Of<float>::I lower = pairs << 16, upper = pairs & int32_t(0xffff0000);
      memcpy(&first, &lower, sizeof first);
      memcpy(&second, &upper, sizeof second);
      even[v] += all(x) * first;
      odd[v] += all(y) * second;
    }
  }

  template <int NV>
  static void pack_transposed(int64_t K, const int64_t *first, const int64_t *last,
                              const float *from, uint16_t *to) {
    for (int v = 0; v < NV; v++)
      for (int64_t lane = 0; lane < L; lane++) {
        const bool there = first[v] + lane < last[v];
        const float *row = from + (first[v] + lane) * K;
        for (int64_t k = 0; k < depth(K); k++)
          to[(k / 2 * NV * L + v * L + lane) * 2 + k % 2] = there && k < K ? half(row[k]) : 0;
      }
  }
};

}  // namespace

#endif
