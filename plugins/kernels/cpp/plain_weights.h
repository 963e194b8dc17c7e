// Weights of the text loop in the precision of the sums.
//
// PlainWeights, Bf16Weights and Int8Weights have the same interface. A chunk is NV vectors of columns
// for all k. `Sums` are the sums of one row with a chunk, PARTIAL of each, which hide the latency of
// the additions. They do not depend on the blocks of k in which they are added up.
#ifndef ZOO_PLAIN_WEIGHTS_H
#define ZOO_PLAIN_WEIGHTS_H

#include "transpose.h"
#include "vector.h"

#define ZOO_MEMBER inline __attribute__((always_inline))

namespace {

// Weights in the precision of the sums. A packed chunk is (K, NV vectors).
template <class Real> struct PlainWeights {
  typedef Real Stored, Number, Operand;
  static constexpr int64_t L = lanes<Real>, BLOCK = 128;
  // The fewest partial sums that keep the multiplier busy; those of a narrow chunk alone are 4.
  static constexpr int partial(int NV) { return NV > 4 ? 1 : 8 / NV; }
  // Of a tile of the output layer. One vector of whole numbers keeps the memory busy.
  static constexpr int OUTPUT_VECTORS = 1;

  static int64_t depth(int64_t K) { return K; }
  static int64_t chunk_bytes(int64_t K, int NV) { return K * NV * L * sizeof(Real); }

  template <int NV, int PARTIAL> struct Sums {
    typename Simd<Real>::V sums[PARTIAL][NV];

    ZOO_MEMBER void clear() { memset(sums, 0, sizeof sums); }

    ZOO_MEMBER void add(int64_t K, const Real *w, const Real *x) {
      int64_t k = 0;
      for (; k + PARTIAL <= K; k += PARTIAL) {
        // The weights may be in no near cache. With AVX-512 the processor itself is ahead of any
        // prefetch: an LSTM of 512 takes 43 us for a symbol's product without and 51 us with it (Zen 4).
        if (ZOO_VECTOR_BYTES < 64) {
          constexpr int64_t PREFETCH_DISTANCE = 2048 / sizeof(Real), CACHE_LINE = 64 / sizeof(Real);
#pragma GCC unroll 16
          for (int64_t i = 0; i < PARTIAL * NV * L; i += CACHE_LINE)
            __builtin_prefetch(w + k * NV * L + PREFETCH_DISTANCE + i);
        }
#pragma GCC unroll 16
        for (int s = 0; s < PARTIAL; s++)
#pragma GCC unroll 16
          for (int v = 0; v < NV; v++)
            sums[s][v] += broadcast(x[k + s]) * load(w + ((k + s) * NV + v) * L);
      }
      for (; k < K; k++)
#pragma GCC unroll 16
        for (int v = 0; v < NV; v++) sums[0][v] += broadcast(x[k]) * load(w + (k * NV + v) * L);
    }

    ZOO_MEMBER void store_to(Real *to, const Real *, float) const {
#pragma GCC unroll 16
      for (int v = 0; v < NV; v++) {
        typename Simd<Real>::V total = sums[0][v];
#pragma GCC unroll 16
        for (int s = 1; s < PARTIAL; s++) total += sums[s][v];
        store(to + v * L, total);
      }
    }
  };

  // Packs the chunk whose vector v holds the rows from first[v] up to last[v] of W (rows, K).
  static void pack(int64_t K, int NV, const int64_t *first, const int64_t *last, const Real *from,
                   const float *, Real *to) {
    pack_rows(K, NV, first, last, from, to);
  }
};

}  // namespace

#endif
