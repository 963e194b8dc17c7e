// bfloat16: the upper half of a float.
#ifndef ZOO_BF16_H
#define ZOO_BF16_H

#include "transpose.h"
#include "vector.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the first number of a pair is the lower half");

namespace {

// Rounds to nearest, ties to even. A NaN stays a NaN.
ZOO_INLINE uint16_t to_bf16(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return uint16_t(bits >> 16 | 64);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

ZOO_INLINE float from_bf16(uint16_t x) {
  const uint32_t bits = uint32_t(x) << 16;
  float number;
  memcpy(&number, &bits, sizeof number);
  return number;
}

typedef uint32_t BitsVector __attribute__((vector_size(ZOO_VECTOR_BYTES)));

// Rounds as to_bf16 does: the upper half of each lane is the number in bfloat16. What the lower half
// is means nothing. The processor's own conversion would make subnormal numbers zero.
ZOO_INLINE BitsVector round_to_bf16(Simd<float>::V v) {
  BitsVector bits, is_nan;
  memcpy(&bits, &v, sizeof bits);
  const auto differs = v != v;
  memcpy(&is_nan, &differs, sizeof is_nan);
  const BitsVector rounded = bits + 0x7fff + (bits >> 16 & 1), nan = bits | 64 << 16;
  return (rounded & ~is_nan) | (nan & is_nan);
}

// Rounded numbers side by side: of each pair of lanes, the first is the lower half.
ZOO_INLINE BitsVector bf16_pairs(Simd<float>::V first, Simd<float>::V second) {
  return round_to_bf16(first) >> 16 | (round_to_bf16(second) & 0xffff0000u);
}

// Packs rows of W, (rows, K), as pack_rows does, rounded and with the numbers of two successive k
// side by side for each column: (depth / 2, NV vectors, 2). From K on they are zeros.
ZOO_INLINE void pack_bf16_rows(int64_t K, int64_t depth, int NV, const int64_t *first,
                               const int64_t *last, const float *from, uint16_t *to) {
  constexpr int64_t L = lanes<float>;
  for_each_transposed_block(K, depth, NV, first, last, from,
                            [=](int64_t k, int v, const Simd<float>::V *columns) {
#pragma GCC unroll 16
                              for (int i = 0; i < L; i += 2) {
                                if (k + i >= depth) break;
                                const BitsVector pairs = bf16_pairs(columns[i], columns[i + 1]);
                                memcpy(to + ((k + i) * NV + 2 * v) * L, &pairs, sizeof pairs);
                              }
                            });
}

}  // namespace

#endif
