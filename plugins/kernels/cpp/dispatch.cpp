// Which instructions this processor has, and the functions that were compiled for them.
#include "dispatch.h"

extern "C" {

#define ZOO_DECLARE(level) \
  zoo_act_function zoo_act_##level; \
  zoo_dense_function zoo_dense_##level;
#define ZOO_ROW(level) {#level, zoo_act_##level, zoo_dense_##level}

ZOO_DECLARE(baseline)
#ifdef ZOO_X86
ZOO_DECLARE(avx2)
ZOO_DECLARE(avx512)
#endif

const zoo_level ZOO_LEVELS[] = {
    ZOO_ROW(baseline),
#ifdef ZOO_X86
    ZOO_ROW(avx2),
    ZOO_ROW(avx512),
#endif
};
enum { COUNT = sizeof ZOO_LEVELS / sizeof ZOO_LEVELS[0] };

ZOO_EXPORT int64_t zoo_best_level(void) {
#ifdef ZOO_X86
  __builtin_cpu_init();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return 0;
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") ? 2 : 1;
#else
  return 0;
#endif
}

ZOO_EXPORT const char *zoo_level_name(int64_t level) {
  return level >= 0 && level < COUNT ? ZOO_LEVELS[level].name : "";
}

static int64_t act(zoo_act what, const zoo_sweep *sweep) {
  return ZOO_LEVELS[sweep->level].act(what, sweep, 0, 1);
}

ZOO_EXPORT int64_t zoo_workspace(const zoo_sweep *sweep) { return act(ZOO_WORKSPACE, sweep); }
ZOO_EXPORT void zoo_forth(const zoo_sweep *sweep) { act(ZOO_FORTH, sweep); }
ZOO_EXPORT void zoo_back(const zoo_sweep *sweep) { act(ZOO_BACK, sweep); }

}  // extern "C"
