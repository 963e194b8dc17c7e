// The sweeps with products in bfloat16: compiled once for each level with instructions for them.
#include "halves.h"

#include "steps.h"

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_halves_, ZOO_LEVEL)(
    int64_t what, const zoo_sweep *s) {
  return act<float, Halves>(what, *s);
}
