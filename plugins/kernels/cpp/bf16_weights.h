// Products of one row in float with weights that are stored in bfloat16.
//
// The time of such a product is that of reading the weights, and these are half as large. So every
// processor gains, with or without instructions for bfloat16.
#ifndef ZOO_BF16_WEIGHTS_H
#define ZOO_BF16_WEIGHTS_H

#include "bf16.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first number of a pair is the lower half");

namespace {

// The interface is that of FullPrecision, in product.h. In a packed weight the numbers of two
// successive k lie side by side for each column: (depth / 2, NV vectors, 2).
struct Bf16Weights {
  typedef uint16_t Number;
  typedef float Operand;
  static constexpr bool COPIES_ROWS = false;
  static constexpr int64_t MIN_ROWS_PER_THREAD = 16;
  static constexpr int64_t L = lanes<float>;

  static int64_t depth(int64_t K) { return (K + 1) / 2 * 2; }
  static void begin() {}
  static void end() {}

  // c (NV vectors) = a (K) · w. Several partial sums, each of every so many pairs of k, hide the
  // latency of the additions. Prefetching, as in full precision, would cost more than it gains.
  template <int NV>
  static void product(int64_t rows, int64_t K, const uint16_t *w, const float *a, int64_t lda,
                      float *c, bool) {
    for (int64_t r = 0; r < rows; r++) {
      typedef Simd<float>::V V;
      constexpr int PARTIAL_SUMS = NV > 2 ? 1 : 4 / NV;
      const float *x = a + r * lda;
      V even[PARTIAL_SUMS][NV] = {}, odd[PARTIAL_SUMS][NV] = {};
      int64_t k = 0;
      for (; k + 2 * PARTIAL_SUMS <= K; k += 2 * PARTIAL_SUMS) {
#pragma GCC unroll 8
        for (int s = 0; s < PARTIAL_SUMS; s++)
          add<NV>(w + (k + 2 * s) * NV * L, x[k + 2 * s], x[k + 2 * s + 1], even[s], odd[s]);
      }
      for (; k < K; k += 2)
        add<NV>(w + k * NV * L, x[k], k + 1 < K ? x[k + 1] : 0, even[0], odd[0]);
#pragma GCC unroll 8
      for (int v = 0; v < NV; v++) {
        V total = even[0][v] + odd[0][v];
#pragma GCC unroll 8
        for (int s = 1; s < PARTIAL_SUMS; s++) total += even[s][v] + odd[s][v];
        store(c + (r * NV + v) * L, total);
      }
    }
  }

  // even += x · w[k], odd += y · w[k + 1]. The first number of a pair is the lower half of 32 bits
  // and has to be shifted up; the second is the upper half.
  template <int NV>
  ZOO_INLINE void add(const uint16_t *w, float x, float y, Simd<float>::V *even, Simd<float>::V *odd) {
#pragma GCC unroll 8
    for (int v = 0; v < NV; v++) {
      Simd<float>::I pairs;
      Simd<float>::V first, second;
      memcpy(&pairs, w + v * 2 * L, sizeof pairs);
      const Simd<float>::I lower = pairs << 16, upper = pairs & int32_t(0xffff0000);
      memcpy(&first, &lower, sizeof first);
      memcpy(&second, &upper, sizeof second);
      even[v] += broadcast(x) * first;
      odd[v] += broadcast(y) * second;
    }
  }

  template <int NV>
  static void pack_transposed(int64_t K, const int64_t *first, const int64_t *last,
                              const float *from, uint16_t *to) {
    for (int v = 0; v < NV; v++)
      for (int64_t lane = 0; lane < L; lane++) {
        const bool is_supported = first[v] + lane < last[v];
        const float *row = from + (first[v] + lane) * K;
        for (int64_t k = 0; k < depth(K); k++)
          to[(k / 2 * NV * L + v * L + lane) * 2 + k % 2] = is_supported && k < K ? to_bf16(row[k]) : 0;
      }
  }
};

}  // namespace

#endif
