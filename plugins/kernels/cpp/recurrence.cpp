// All steps in full precision, scans, losses, and the steps of the text loop: compiled once for each
// level, with ZOO_LEVEL in the names of its functions.
#include "class_loss.h"
#include "draw.h"
#include "linear_scan.h"
#include "small_step.h"
#include "text_step.h"
#include "time_loop.h"

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_run_, ZOO_LEVEL)(
    int64_t operation, const zoo_recurrence *s) {
  if (s->element_size == 8) return run<double, FullPrecision<double>>(operation, *s);
  return run<float, FullPrecision<float>>(operation, *s);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_part_, ZOO_LEVEL)(
    int64_t operation, const zoo_part *part, const zoo_text_rows *rows, int64_t thread,
    int64_t threads) {
  if (part->element_size == 8)
    return text_part<double, PlainWeights<double>>(operation, *part, rows, thread, threads);
  switch (part->storage) {
    case ZOO_INT8: return text_part<float, Int8Weights>(operation, *part, rows, thread, threads);
    case ZOO_BF16: return text_part<float, Bf16Weights>(operation, *part, rows, thread, threads);
    default: return text_part<float, PlainWeights<float>>(operation, *part, rows, thread, threads);
  }
}

extern "C" __attribute__((visibility("hidden"))) void ZOO_NAME(zoo_cell_, ZOO_LEVEL)(
    const zoo_layer_step *step, const zoo_text_rows *rows, int64_t element_size, int64_t thread,
    int64_t threads) {
  if (element_size == 8) return text_cells<double>(*step, *rows, thread, threads);
  text_cells<float>(*step, *rows, thread, threads);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_draw_, ZOO_LEVEL)(
    const zoo_draw *draw) {
  return draw->element_size == 8 ? draw_weights<double>(*draw) : draw_weights<float>(*draw);
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
  if (s->element_size == 8) return small_step<PlainStep<double>>(operation, *s);
  if (s->bf16) return small_step<Bf16Step>(operation, *s);
  return small_step<PlainStep<float>>(operation, *s);
}
