// Weights of the text loop in bfloat16.
//
// The time of a product with one row is that of reading the weights, and these are half as large. So
// every processor gains, with or without instructions for bfloat16.
#ifndef ZOO_BF16_WEIGHTS_H
#define ZOO_BF16_WEIGHTS_H

#include "bf16.h"
#include "plain_weights.h"

namespace {

// The interface is that of PlainWeights. In a packed chunk the numbers of two successive k lie side by
// side for each column: (depth / 2, NV vectors, 2).
struct Bf16Weights {
  typedef float Stored, Operand;
  typedef uint16_t Number;
  static constexpr int64_t L = lanes<float>, BLOCK = 256;
  static constexpr int partial(int NV) { return NV > 2 ? 1 : 4 / NV; }
  // Of a tile of the output layer. With one vector, converting would take longer than reading.
  static constexpr int OUTPUT_VECTORS = 2;

  static int64_t depth(int64_t K) { return (K + 1) / 2 * 2; }
  static int64_t chunk_bytes(int64_t K, int NV) { return depth(K) * NV * L * sizeof(uint16_t); }

  template <int NV, int PARTIAL> struct Sums {
    Simd<float>::V even[PARTIAL][NV], odd[PARTIAL][NV];

    ZOO_MEMBER void clear() { memset(even, 0, sizeof even), memset(odd, 0, sizeof odd); }

    // Prefetching, as in full precision, would cost more than it gains.
    ZOO_MEMBER void add(int64_t K, const uint16_t *w, const float *x) {
      int64_t k = 0;
      for (; k + 2 * PARTIAL <= K; k += 2 * PARTIAL) {
#pragma GCC unroll 16
        for (int s = 0; s < PARTIAL; s++)
          add_pair(w + (k + 2 * s) * NV * L, x[k + 2 * s], x[k + 2 * s + 1], even[s], odd[s]);
      }
      for (; k < K; k += 2)
        add_pair(w + k * NV * L, x[k], k + 1 < K ? x[k + 1] : 0, even[0], odd[0]);
    }

    // even += x · w[k], odd += y · w[k + 1]. The first number of a pair is the lower half of 32 bits
    // and has to be shifted up; the second is the upper half.
    ZOO_INLINE void add_pair(const uint16_t *w, float x, float y, Simd<float>::V *even,
                             Simd<float>::V *odd) {
#pragma GCC unroll 16
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

    ZOO_MEMBER void store_to(float *to, const uint16_t *, float) const {
#pragma GCC unroll 16
      for (int v = 0; v < NV; v++) {
        Simd<float>::V total = even[0][v] + odd[0][v];
#pragma GCC unroll 16
        for (int s = 1; s < PARTIAL; s++) total += even[s][v] + odd[s][v];
        store(to + v * L, total);
      }
    }
  };

  static void pack(int64_t K, int NV, const int64_t *first, const int64_t *last, const float *from,
                   const float *, uint16_t *to) {
    pack_bf16_rows(K, depth(K), NV, first, last, from, to);
  }
};

}  // namespace

#endif
