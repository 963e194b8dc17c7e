// Which instructions this processor has, and the functions that were compiled for them.
//
// ZOO_BUILT names the levels, each better than the one before, as EACH(baseline) EACH(avx2) ...;
// ZOO_BUILT_HALVES those after them which differ from AVX-512 in products in bfloat16 alone.
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

#if defined ZOO_IMITATED

bool has_avx512() { return true; }
bool has_avx512_bf16() { return true; }
bool has_amx_bf16() { return true; }

#elif defined __x86_64__

// A bit of what the processor says of itself: leaf 7, by subleaf and register.
bool says(unsigned subleaf, int which, int bit) {
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

bool has_avx512_bf16() { return has_avx512() && says(1, 0, 5); }

// Linux wants to be asked before a process uses tiles, for they make its threads' states larger.
bool has_amx_bf16() {
#if defined __linux__ && defined SYS_arch_prctl
  constexpr int ASK = 0x1023, TILE_DATA = 18;
  return has_avx512_bf16() && says(0, 3, 22) && says(0, 3, 24) &&
         syscall(SYS_arch_prctl, ASK, TILE_DATA) == 0;
#else
  return false;
#endif
}

#endif

}  // namespace

extern "C" {

#define EACH(level) \
  zoo_act_function zoo_act_##level; \
  zoo_row_function zoo_row_##level; \
  zoo_dense_function zoo_dense_##level;
ZOO_BUILT
#undef EACH
#define EACH(level) zoo_act_function zoo_halves_##level;
ZOO_BUILT_HALVES
#undef EACH

const zoo_level ZOO_LEVELS[] = {
#define EACH(level) \
  {#level, has_##level, zoo_act_##level, zoo_row_##level, zoo_dense_##level, nullptr},
    ZOO_BUILT
#undef EACH
#define EACH(level) \
  {#level, has_##level, zoo_act_avx512, zoo_row_avx512, zoo_dense_avx512, zoo_halves_##level},
    ZOO_BUILT_HALVES
#undef EACH
};
enum { COUNT = sizeof ZOO_LEVELS / sizeof ZOO_LEVELS[0] };

ZOO_EXPORT int64_t zoo_best_level(void) {
  int64_t best = COUNT - 1;
  while (!ZOO_LEVELS[best].there()) best--;
  return best;
}

ZOO_EXPORT const char *zoo_level_name(int64_t level) {
  return level >= 0 && level < COUNT ? ZOO_LEVELS[level].name : "";
}

ZOO_EXPORT int64_t zoo_level_halves(int64_t level) { return ZOO_LEVELS[level].halves != nullptr; }

static int64_t act(zoo_act what, const zoo_sweep *sweep) {
  const zoo_level &level = ZOO_LEVELS[sweep->level];
  return (sweep->half && level.halves ? level.halves : level.act)(what, sweep);
}

ZOO_EXPORT int64_t zoo_workspace(const zoo_sweep *sweep) { return act(ZOO_WORKSPACE, sweep); }
ZOO_EXPORT void zoo_forth(const zoo_sweep *sweep) { act(ZOO_FORTH, sweep); }
ZOO_EXPORT void zoo_back(const zoo_sweep *sweep) { act(ZOO_BACK, sweep); }

}  // extern "C"
