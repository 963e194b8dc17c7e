// The sweeps in full precision, and what text is made of: compiled once for each level, with
// ZOO_LEVEL in its names.
#include "narrow.h"
#include "steps.h"

namespace {

template <class Real, class Products>
int64_t dense(int64_t what, const zoo_dense &d, int64_t thread, int64_t of) {
  constexpr int NV = 2;  // few, so that threads can share out few columns
  constexpr int64_t L = lanes<Real>, WIDTH = NV * L;
  typedef typename Products::Number Number;
  const int64_t count = (d.N + WIDTH - 1) / WIDTH, size = Products::depth(d.K) * WIDTH;
  Number *packed = static_cast<Number *>(d.workspace);
  if (what == ZOO_WORKSPACE) return count * size * sizeof(Number);
  for (int64_t tile = count * thread / of; tile < count * (thread + 1) / of; tile++) {
    const int64_t column = tile * WIDTH;
    if (what == ZOO_PACK) {
      int64_t first[NV], last[NV];
      for (int v = 0; v < NV; v++) first[v] = column + v * L, last[v] = d.N;
      Products::template pack_transposed<NV>(
          d.K, first, last, static_cast<const Real *>(d.weight), packed + tile * size);
      continue;
    }
    Real sums[WIDTH];
    Products::template product<NV>(1, d.K, packed + tile * size, static_cast<const Real *>(d.x),
                                   d.K, sums, true);
    for (int64_t i = 0; i < least(WIDTH, d.N - column); i++)
      static_cast<Real *>(d.y)[column + i] =
          sums[i] + (d.bias ? static_cast<const Real *>(d.bias)[column + i] : Real(0));
  }
  return 0;
}

}  // namespace

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_act_, ZOO_LEVEL)(
    int64_t what, const zoo_sweep *s) {
  return s->real == 8 ? act<double, Plain<double>>(what, *s) : act<float, Plain<float>>(what, *s);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_row_, ZOO_LEVEL)(
    int64_t what, const zoo_sweep *s, int64_t thread, int64_t of) {
  if (s->real == 8) return row<double, Plain<double>>(what, *s, thread, of);
  if (s->half) return row<float, Narrow>(what, *s, thread, of);
  return row<float, Plain<float>>(what, *s, thread, of);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_dense_, ZOO_LEVEL)(
    int64_t what, const zoo_dense *d, int64_t thread, int64_t of) {
  if (d->real == 8) return dense<double, Plain<double>>(what, *d, thread, of);
  if (d->half) return dense<float, Narrow>(what, *d, thread, of);
  return dense<float, Plain<float>>(what, *d, thread, of);
}
