// bfloat16, the upper half of a float.
#ifndef ZOO_BFLOAT16_H
#define ZOO_BFLOAT16_H

#include "vector.h"

namespace {

// To the nearest, of two as near to the even one; a NaN stays one.
ZOO_INLINE uint16_t half(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if (x != x) return uint16_t(bits >> 16 | 64);
  return uint16_t((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

ZOO_INLINE float widened(uint16_t x) {
  const uint32_t bits = uint32_t(x) << 16;
  float made;
  memcpy(&made, &bits, sizeof made);
  return made;
}

}  // namespace

#endif
