// All steps with products in bfloat16: compiled once for each level that has instructions for them.
#include "bf16_products.h"

#include "time_loop.h"

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_run_bf16_, ZOO_LEVEL)(
    int64_t operation, const zoo_recurrence *s) {
  return run<float, Bf16Products>(operation, *s);
}
