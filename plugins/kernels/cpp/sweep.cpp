// The sweeps in full precision: compiled once for each level, with ZOO_LEVEL in its names.
#include "steps.h"

namespace {

template <class Real>
int64_t dense(int64_t what, const zoo_dense &d, int64_t thread, int64_t of) {
  constexpr int NV = 4;
  constexpr int64_t L = lanes<Real>, WIDTH = NV * L;
  const int64_t count = (d.N + WIDTH - 1) / WIDTH, size = d.K * WIDTH;
  Real *packed = static_cast<Real *>(d.workspace);
  if (what == ZOO_WORKSPACE) return count * size * sizeof(Real);
  for (int64_t tile = count * thread / of; tile < count * (thread + 1) / of; tile++) {
    const int64_t column = tile * WIDTH;
    if (what == ZOO_PACK) {
      int64_t first[NV], last[NV];
      for (int v = 0; v < NV; v++) first[v] = column + v * L, last[v] = d.N;
      Plain<Real>::template pack_transposed<NV>(
          d.K, first, last, static_cast<const Real *>(d.weight), packed + tile * size);
      continue;
    }
    Real sums[WIDTH];
    Plain<Real>::template product<NV>(1, d.K, packed + tile * size,
                                      static_cast<const Real *>(d.x), d.K, sums);
    for (int64_t i = 0; i < least(WIDTH, d.N - column); i++)
      static_cast<Real *>(d.y)[column + i] =
          sums[i] + (d.bias ? static_cast<const Real *>(d.bias)[column + i] : Real(0));
  }
  return 0;
}

}  // namespace

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_act_, ZOO_LEVEL)(
    int64_t what, const zoo_sweep *s, int64_t thread, int64_t of) {
  if (s->real == 8) return act<double, Plain<double>>(what, *s, thread, of);
  return act<float, Plain<float>>(what, *s, thread, of);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_dense_, ZOO_LEVEL)(
    int64_t what, const zoo_dense *d, int64_t thread, int64_t of) {
  return d->real == 8 ? dense<double>(what, *d, thread, of) : dense<float>(what, *d, thread, of);
}
