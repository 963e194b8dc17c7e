// The weights by which the next symbol is drawn: its softmax before the division by the sum.
//
// They are double whatever the logits are, as in zoo_core's Sampler, so that both draw the same symbol.
#ifndef ZOO_DRAW_H
#define ZOO_DRAW_H

#include "dispatch.h"
#include "vector.h"

namespace {

typedef Simd<double>::V DoubleVector;
typedef Simd<double>::I LongVector;
constexpr double LEAST_EXPONENT = -708;  // the power of a smaller number is subnormal

// The first n numbers, converted. The other lanes are zero, and their memory is not read.
ZOO_INLINE DoubleVector load_doubles(const double *from, int64_t n) { return load(from, n); }
ZOO_INLINE DoubleVector load_doubles(const float *from, int64_t n) {
  typedef float Half __attribute__((vector_size(ZOO_VECTOR_BYTES / 2)));
  Half half{};
  if (n >= lanes<double>)
    memcpy(&half, from, sizeof half);
  else
    for (int64_t i = 0; i < n; i++) half[i] = from[i];
  return __builtin_convertvector(half, DoubleVector);
}

// e^x for x <= 0 to the last bit or two, as SplitExp does for float; a polynomial of degree 13
// approximates e^r. Below LEAST_EXPONENT the value is 0.
ZOO_INLINE DoubleVector power_of_negative(DoubleVector x) {
  const DoubleVector least = broadcast(LEAST_EXPONENT), bounded = x > least ? x : least;
  const double shift = 6755399441055744.;  // 1.5 · 2^52: adding it rounds, and leaves n in the lowest bits
  const DoubleVector shifted = bounded * 1.4426950408889634 + shift, n = shifted - shift;
  const DoubleVector r = (bounded - n * 6.93147180369123816490e-01) - n * 1.90821492927058770002e-10;
  constexpr double FACTORIALS[] = {479001600, 39916800, 3628800, 362880, 40320, 5040, 720,
                                   120,       24,       6,       2,      1,     1};
  DoubleVector sum = broadcast(1 / 6227020800.);
#pragma GCC unroll 16
  for (const double factorial : FACTORIALS) sum = sum * r + 1 / factorial;
  LongVector bits;
  memcpy(&bits, &shifted, sizeof bits);
  bits = (bits + 1023) << 52;
  DoubleVector power;
  memcpy(&power, &bits, sizeof power);
  return x > least ? sum * power : DoubleVector{};
}

// Writes the weights of all symbols, if there is a temperature to draw with. Returns the first of the
// most likely symbols, or -1 if a logit is not finite.
template <class Real> int64_t draw_weights(const zoo_draw &draw) {
  typedef typename Simd<Real>::V V;
  constexpr int64_t L = lanes<Real>, D = lanes<double>;
  const Real *logits = static_cast<const Real *>(draw.logits);
  V largest_of_lane = broadcast(logits[0]), differences{};  // NaN where a logit is not finite
  int64_t c = 0;
  for (; c + L <= draw.symbols; c += L) {
    const V next = load(logits + c);
    largest_of_lane = next > largest_of_lane ? next : largest_of_lane;
    differences += next - next;
  }
  Real largest = logits[0], difference = sum<Real>(differences);
  for (int64_t k = 0; k < L; k++) largest = largest_of_lane[k] > largest ? largest_of_lane[k] : largest;
  for (; c < draw.symbols; c++) {
    largest = logits[c] > largest ? logits[c] : largest;
    difference += logits[c] - logits[c];
  }
  if (difference != 0) return -1;
  if (draw.temperature > 0)
    for (int64_t i = 0; i < draw.symbols; i += D) {
      const int64_t n = draw.symbols - i;
      const DoubleVector below = load_doubles(logits + i, n) - double(largest);
      store(draw.weights + i, power_of_negative(below / draw.temperature), n);
    }
  int64_t most_likely = 0;
  while (logits[most_likely] != largest) most_likely++;
  return most_likely;
}

}  // namespace

#endif
