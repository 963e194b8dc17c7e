// Vectors of as many numbers as one register holds, and the functions that gates are made of.
//
// The compiler's own vector types do the work, so that one source serves every processor: the
// width comes from the build, which compiles it once for each kind of register.
#ifndef ZOO_VECTOR_H
#define ZOO_VECTOR_H

#include <math.h>
#include <stdint.h>
#include <string.h>

namespace {

template <class Real> struct Of;
template <> struct Of<float> {
  typedef float V __attribute__((vector_size(ZOO_BYTES)));
  typedef int32_t I __attribute__((vector_size(ZOO_BYTES)));
};
template <> struct Of<double> {
  typedef double V __attribute__((vector_size(ZOO_BYTES)));
};

template <class Real> constexpr int64_t lanes = ZOO_BYTES / sizeof(Real);

#define ZOO_INLINE static inline __attribute__((always_inline))

template <class Real> ZOO_INLINE typename Of<Real>::V all(Real x) {
  return x - typename Of<Real>::V{};
}

template <class Real> ZOO_INLINE typename Of<Real>::V load(const Real *from) {
  typename Of<Real>::V v;
  memcpy(&v, from, sizeof v);
  return v;
}

template <class Real> ZOO_INLINE void store(Real *to, typename Of<Real>::V v) {
  memcpy(to, &v, sizeof v);
}

// The first n lanes; the others are zero and stay unread.
template <class Real> ZOO_INLINE typename Of<Real>::V load(const Real *from, int64_t n) {
  if (n >= lanes<Real>) return load(from);
  typename Of<Real>::V v{};
  for (int64_t i = 0; i < n; i++) v[i] = from[i];
  return v;
}

template <class Real> ZOO_INLINE void store(Real *to, typename Of<Real>::V v, int64_t n) {
  if (n >= lanes<Real>) return store(to, v);
  for (int64_t i = 0; i < n; i++) to[i] = v[i];
}

template <class Real> ZOO_INLINE Real sum(typename Of<Real>::V v) {
  Real total = 0;
  for (int64_t i = 0; i < lanes<Real>; i++) total += v[i];
  return total;
}

// e^x = 2^n e^r with n whole and |r| <= ln(2) / 2, where e^r is a polynomial of degree 7; ln(2) is
// subtracted in two parts so that r stays exact (Cody & Waite, 1980). A NaN stays one.
ZOO_INLINE Of<float>::V exponential(Of<float>::V x) {
  typedef Of<float>::V V;
  typedef Of<float>::I I;
  x = x < -87.f ? all(-87.f) : x;
  x = x > 88.f ? all(88.f) : x;
  const float shift = 12582912.f;  // 1.5 · 2^23: adding it leaves a whole number
  V n = (x * 1.44269504f + shift) - shift;
  V r = x - n * 0.693145752f;
  r = r - n * 1.42860677e-6f;
  V p = r * (1 / 5040.f) + 1 / 720.f;
  p = p * r + 1 / 120.f;
  p = p * r + 1 / 24.f;
  p = p * r + 1 / 6.f;
  p = p * r + 0.5f;
  p = p * (r * r) + (r + 1.f);
  V whole = n == n ? n : V{};  // a NaN has no whole part to convert
  I bits = (__builtin_convertvector(whole, I) + 127) << 23;
  V power;
  memcpy(&power, &bits, sizeof power);
  return p * power;
}

ZOO_INLINE Of<double>::V exponential(Of<double>::V x) {
  for (int64_t i = 0; i < lanes<double>; i++) x[i] = exp(x[i]);
  return x;
}

template <class V> ZOO_INLINE V sigmoid(V x) { return 1 / (1 + exponential(-x)); }

ZOO_INLINE Of<float>::V tangent(Of<float>::V x) { return 1 - 2 / (1 + exponential(x + x)); }

ZOO_INLINE Of<double>::V tangent(Of<double>::V x) {
  for (int64_t i = 0; i < lanes<double>; i++) x[i] = tanh(x[i]);
  return x;
}

}  // namespace

#endif
