// bfloat16: the upper half of a float.
#ifndef ZOO_BF16_H
#define ZOO_BF16_H

#include "vector.h"

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

}  // namespace

#endif
