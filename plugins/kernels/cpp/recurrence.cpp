// All steps in full precision, scans, and the parts of the text loop: compiled once for each level, with
// ZOO_LEVEL in the names of its functions.
#include "bf16_weights.h"
#include "class_loss.h"
#include "linear_scan.h"
#include "small_step.h"
#include "time_loop.h"

namespace {

template <class Real, class Products>
int64_t dense(int64_t operation, const zoo_dense &d, int64_t thread, int64_t threads) {
  constexpr int NV = 2;  // narrow tiles, so that threads can divide a small number of columns
  constexpr int64_t L = lanes<Real>, WIDTH = NV * L;
  typedef typename Products::Number Number;
  const int64_t count = (d.N + WIDTH - 1) / WIDTH, size = Products::depth(d.K) * WIDTH;
  Number *packed = static_cast<Number *>(d.workspace);
  if (operation == ZOO_WORKSPACE) return count * size * sizeof(Number);
  for (int64_t tile = count * thread / threads; tile < count * (thread + 1) / threads; tile++) {
    const int64_t column = tile * WIDTH;
    if (operation == ZOO_PACK) {
      int64_t first[NV], last[NV];
      for (int v = 0; v < NV; v++) first[v] = column + v * L, last[v] = d.N;
      Products::template pack_transposed<NV>(
          d.K, first, last, static_cast<const Real *>(d.weight), packed + tile * size);
      continue;
    }
    Real sums[WIDTH];
    Products::template product<NV>(1, d.K, packed + tile * size, static_cast<const Real *>(d.x),
                                   d.K, sums, true);
    for (int64_t i = 0; i < minimum(WIDTH, d.N - column); i++)
      static_cast<Real *>(d.y)[column + i] =
          sums[i] + (d.bias ? static_cast<const Real *>(d.bias)[column + i] : Real(0));
  }
  return 0;
}

}  // namespace

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_run_, ZOO_LEVEL)(
    int64_t operation, const zoo_recurrence *s) {
  if (s->element_size == 8) return run<double, FullPrecision<double>>(operation, *s);
  return run<float, FullPrecision<float>>(operation, *s);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_single_row_, ZOO_LEVEL)(
    int64_t operation, const zoo_recurrence *s, int64_t thread, int64_t threads) {
  if (s->element_size == 8)
    return single_row<double, FullPrecision<double>>(operation, *s, thread, threads);
  if (s->bf16) return single_row<float, Bf16Weights>(operation, *s, thread, threads);
  return single_row<float, FullPrecision<float>>(operation, *s, thread, threads);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_dense_, ZOO_LEVEL)(
    int64_t operation, const zoo_dense *d, int64_t thread, int64_t threads) {
  if (d->element_size == 8)
    return dense<double, FullPrecision<double>>(operation, *d, thread, threads);
  if (d->bf16) return dense<float, Bf16Weights>(operation, *d, thread, threads);
  return dense<float, FullPrecision<float>>(operation, *d, thread, threads);
}

extern "C" __attribute__((visibility("hidden"))) void ZOO_NAME(zoo_scan_, ZOO_LEVEL)(
    int64_t operation, const zoo_linear_scan *s) {
  if (s->element_size == 8)
    s->is_complex ? LinearScan<double, true>{*s}.run(operation)
                  : LinearScan<double, false>{*s}.run(operation);
  else
    s->is_complex ? LinearScan<float, true>{*s}.run(operation)
                  : LinearScan<float, false>{*s}.run(operation);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_class_loss_, ZOO_LEVEL)(
    int64_t operation, zoo_class_loss *s) {
  if (s->element_size == 8) return class_loss<double, double>(operation, *s);
  if (s->element_size == 2) return class_loss<float, uint16_t>(operation, *s);
  return class_loss<float, float>(operation, *s);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_small_step_, ZOO_LEVEL)(
    int64_t operation, zoo_small_step *s) {
  return s->element_size == 8 ? small_step<double>(operation, *s) : small_step<float>(operation, *s);
}
