// Detects the instruction sets of this processor and calls the functions compiled for the best one.
//
// ZOO_BUILT_LEVELS lists the levels, each better than the one before, as EACH(baseline) EACH(avx2)
// ...; ZOO_BUILT_BF16_LEVELS those after them, which differ from AVX-512 only in products in
// bfloat16.
#include "dispatch.h"

#if defined __x86_64__
#include <cpuid.h>
#endif
#if defined __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace {

bool has_baseline() { return true; }

#if defined ZOO_EMULATED

bool has_avx512() { return true; }
bool has_avx512_bf16() { return true; }
bool has_amx_bf16() { return true; }

#elif defined __x86_64__

// A feature bit of CPUID leaf 7. The compiler's __builtin_cpu_supports knows the newest features
// only in its newest versions.
bool cpuid_bit(unsigned subleaf, int which, int bit) {
  unsigned registers[4] = {};
  if (!__get_cpuid_count(7, subleaf, registers, registers + 1, registers + 2, registers + 3))
    return false;
  return registers[which] >> bit & 1;
}

bool has_avx2() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

bool has_avx512_bf16() { return has_avx512() && cpuid_bit(1, 0, 5); }

// Linux requires a process to request permission before it uses tiles, because they enlarge the
// state that it saves for every thread.
bool has_amx_bf16() {
#if defined __linux__ && defined SYS_arch_prctl
  constexpr int REQUEST_PERMISSION = 0x1023, TILE_DATA = 18;
  return has_avx512_bf16() && cpuid_bit(0, 3, 22) && cpuid_bit(0, 3, 24) &&
         syscall(SYS_arch_prctl, REQUEST_PERMISSION, TILE_DATA) == 0;
#else
  return false;
#endif
}

#endif

}  // namespace

extern "C" {

#define EACH(level)                               \
  zoo_run_function zoo_run_##level;               \
  zoo_part_function zoo_part_##level;             \
  zoo_cell_function zoo_cell_##level;             \
  zoo_draw_function zoo_draw_##level;             \
  zoo_scan_function zoo_scan_##level;             \
  zoo_class_loss_function zoo_class_loss_##level; \
  zoo_small_step_function zoo_small_step_##level;
ZOO_BUILT_LEVELS
#undef EACH
#define EACH(level) zoo_run_function zoo_run_bf16_##level;
ZOO_BUILT_BF16_LEVELS
#undef EACH

const zoo_level ZOO_LEVELS[] = {
#define EACH(level)                                                              \
  {#level,                 has_##level,      zoo_run_##level,                         \
   zoo_part_##level,       zoo_cell_##level, zoo_draw_##level, zoo_scan_##level,        \
   zoo_class_loss_##level, zoo_small_step_##level, nullptr},
    ZOO_BUILT_LEVELS
#undef EACH
#define EACH(level)                                                                 \
  {#level,                has_##level,     zoo_run_avx512,                          \
   zoo_part_avx512,       zoo_cell_avx512, zoo_draw_avx512, zoo_scan_avx512,        \
   zoo_class_loss_avx512, zoo_small_step_avx512, zoo_run_bf16_##level},
    ZOO_BUILT_BF16_LEVELS
#undef EACH
};
enum { COUNT = sizeof ZOO_LEVELS / sizeof ZOO_LEVELS[0] };

ZOO_EXPORT int64_t zoo_version(void) { return 5; }

ZOO_EXPORT int64_t zoo_best_level(void) {
  int64_t best = COUNT - 1;
  while (!ZOO_LEVELS[best].is_supported()) best--;
  return best;
}

ZOO_EXPORT const char *zoo_level_name(int64_t level) {
  return level >= 0 && level < COUNT ? ZOO_LEVELS[level].name : "";
}

ZOO_EXPORT int64_t zoo_level_has_bf16(int64_t level) {
  return ZOO_LEVELS[level].run_bf16 != nullptr;
}

static int64_t run(zoo_operation operation, const zoo_recurrence *layer) {
  const zoo_level &level = ZOO_LEVELS[layer->level];
  return (layer->bf16 && level.run_bf16 ? level.run_bf16 : level.run)(operation, layer);
}

ZOO_EXPORT int64_t zoo_workspace(const zoo_recurrence *layer) { return run(ZOO_WORKSPACE, layer); }
ZOO_EXPORT void zoo_forward(const zoo_recurrence *layer) { run(ZOO_FORWARD, layer); }
ZOO_EXPORT void zoo_backward(const zoo_recurrence *layer) { run(ZOO_BACKWARD, layer); }

ZOO_EXPORT void zoo_linear_scan_forward(const zoo_linear_scan *scan) {
  ZOO_LEVELS[scan->level].scan(ZOO_FORWARD, scan);
}
ZOO_EXPORT void zoo_linear_scan_backward(const zoo_linear_scan *scan) {
  ZOO_LEVELS[scan->level].scan(ZOO_BACKWARD, scan);
}

ZOO_EXPORT int64_t zoo_class_loss_workspace(zoo_class_loss *loss) {
  return ZOO_LEVELS[loss->level].class_loss(ZOO_WORKSPACE, loss);
}
ZOO_EXPORT int64_t zoo_class_loss_run(zoo_class_loss *loss) {
  return ZOO_LEVELS[loss->level].class_loss(ZOO_FORWARD, loss);
}

ZOO_EXPORT int64_t zoo_small_step_workspace(zoo_small_step *step) {
  return ZOO_LEVELS[step->level].small_step(ZOO_WORKSPACE, step);
}
ZOO_EXPORT int64_t zoo_small_step_run(zoo_small_step *step) {
  return ZOO_LEVELS[step->level].small_step(ZOO_FORWARD, step);
}

}  // extern "C"
