// Vectors as wide as one register, and the functions of the gates.
//
// The compiler's own vector types make one source serve every processor. The build compiles it once
// for each width of register.
#ifndef ZOO_VECTOR_H
#define ZOO_VECTOR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

namespace {

template <class Real> struct Simd;
template <> struct Simd<float> {
  typedef float V __attribute__((vector_size(ZOO_VECTOR_BYTES)));
  typedef int32_t I __attribute__((vector_size(ZOO_VECTOR_BYTES)));
};
template <> struct Simd<double> {
  typedef double V __attribute__((vector_size(ZOO_VECTOR_BYTES)));
  typedef int64_t I __attribute__((vector_size(ZOO_VECTOR_BYTES)));
};

template <class Real> constexpr int64_t lanes = ZOO_VECTOR_BYTES / sizeof(Real);

#define ZOO_INLINE static inline __attribute__((always_inline))

template <class Real> ZOO_INLINE typename Simd<Real>::V broadcast(Real x) {
  return x - typename Simd<Real>::V{};
}

template <class Real> ZOO_INLINE typename Simd<Real>::V load(const Real *from) {
  typename Simd<Real>::V v;
  memcpy(&v, from, sizeof v);
  return v;
}

template <class Real> ZOO_INLINE void store(Real *to, typename Simd<Real>::V v) {
  memcpy(to, &v, sizeof v);
}

// The first n lanes. The other lanes are zero, and their memory is not read.
template <class Real> ZOO_INLINE typename Simd<Real>::V load(const Real *from, int64_t n) {
  if (n >= lanes<Real>) return load(from);
  typename Simd<Real>::V v{};
  for (int64_t i = 0; i < n; i++) v[i] = from[i];
  return v;
}

template <class Real> ZOO_INLINE void store(Real *to, typename Simd<Real>::V v, int64_t n) {
  if (n >= lanes<Real>) return store(to, v);
  for (int64_t i = 0; i < n; i++) to[i] = v[i];
}

template <class Real> ZOO_INLINE Real sum(typename Simd<Real>::V v) {
  Real total = 0;
  for (int64_t i = 0; i < lanes<Real>; i++) total += v[i];
  return total;
}

// e^x = 2^n e^r with an integer n and |r| <= ln(2) / 2, where a polynomial of degree 7 approximates
// e^r. n ln(2) is subtracted in two parts, so that r is exact (Cody & Waite, 1980). A NaN stays a
// NaN.
struct SplitExp {
  typedef Simd<float>::V V;
  typedef Simd<float>::I I;
  V r;           // the remainder
  V polynomial;  // (e^r - 1 - r) / r^2
  V power;       // 2^n

  ZOO_INLINE SplitExp of(V x) {
    const float shift = 12582912.f;  // 1.5 · 2^23: adding and subtracting it rounds
    V n = (x * 1.44269504f + shift) - shift;
    V r = x - n * 0.693145752f;
    r = r - n * 1.42860677e-6f;
    V p = r * (1 / 5040.f) + 1 / 720.f;
    p = p * r + 1 / 120.f;
    p = p * r + 1 / 24.f;
    p = p * r + 1 / 6.f;
    p = p * r + 0.5f;
    V integer = n == n ? n : V{};  // a NaN cannot be converted to an integer
    I bits = (__builtin_convertvector(integer, I) + 127) << 23;
    V power;
    memcpy(&power, &bits, sizeof power);
    return {r, p, power};
  }
};

ZOO_INLINE Simd<float>::V clamp(Simd<float>::V x, float least, float most) {
  x = x < least ? broadcast(least) : x;
  return x > most ? broadcast(most) : x;
}

ZOO_INLINE Simd<float>::V simd_exp(Simd<float>::V x) {
  const SplitExp e = SplitExp::of(clamp(x, -87.f, 88.f));
  return (e.polynomial * (e.r * e.r) + (e.r + 1.f)) * e.power;
}

ZOO_INLINE Simd<double>::V simd_exp(Simd<double>::V x) {
  for (int64_t i = 0; i < lanes<double>; i++) x[i] = exp(x[i]);
  return x;
}

// Below -88, where simd_exp stops growing and float ends, the value is 0.
ZOO_INLINE Simd<float>::V simd_sigmoid(Simd<float>::V x) {
  typedef Simd<float>::V V;
  V y = 1 / (1 + simd_exp(-x));
  return x < -88.f ? V{} : y;
}

ZOO_INLINE Simd<double>::V simd_sigmoid(Simd<double>::V x) { return 1 / (1 + simd_exp(-x)); }

// tanh(x) = m / (m + 2) with m = e^2x - 1. m is the sum of two parts of which neither cancels the
// other near 0, so the relative error is small for every x. From 2x = 30 on the value is 1.
ZOO_INLINE Simd<float>::V simd_tanh(Simd<float>::V x) {
  typedef Simd<float>::V V;
  const SplitExp e = SplitExp::of(clamp(x + x, -30.f, 30.f));
  V m = (e.polynomial * (e.r * e.r) + e.r) * e.power + (e.power - 1.f);
  return m / (m + 2);
}

ZOO_INLINE Simd<double>::V simd_tanh(Simd<double>::V x) {
  for (int64_t i = 0; i < lanes<double>; i++) x[i] = tanh(x[i]);
  return x;
}

}  // namespace

#endif
