// Which instructions this processor has, and the functions that were compiled for them.
#include "sweep.h"

#define ZOO_EXPORT __attribute__((visibility("default")))

extern "C" {

int64_t zoo_act_baseline(int64_t what, const zoo_sweep *sweep);
#ifdef ZOO_X86
int64_t zoo_act_avx2(int64_t what, const zoo_sweep *sweep);
int64_t zoo_act_avx512(int64_t what, const zoo_sweep *sweep);
#endif

typedef int64_t (*act)(int64_t, const zoo_sweep *);

static const struct {
  const char *name;
  act run;
} LEVELS[] = {
    {"baseline", zoo_act_baseline},
#ifdef ZOO_X86
    {"avx2", zoo_act_avx2},
    {"avx512", zoo_act_avx512},
#endif
};
enum { COUNT = sizeof LEVELS / sizeof LEVELS[0] };

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
  return level >= 0 && level < COUNT ? LEVELS[level].name : "";
}

ZOO_EXPORT int64_t zoo_workspace(const zoo_sweep *sweep) {
  return LEVELS[sweep->level].run(2, sweep);
}
ZOO_EXPORT void zoo_forth(const zoo_sweep *sweep) { LEVELS[sweep->level].run(0, sweep); }
ZOO_EXPORT void zoo_back(const zoo_sweep *sweep) { LEVELS[sweep->level].run(1, sweep); }

}  // extern "C"
