// The functions that were compiled for each level of instructions.
#ifndef ZOO_DISPATCH_H
#define ZOO_DISPATCH_H

#include "sweep.h"

#define ZOO_EXPORT __attribute__((visibility("default")))

typedef int64_t zoo_act_function(int64_t what, const zoo_sweep *sweep);
typedef void zoo_apply_function(int64_t real, int64_t N, int64_t K, const void *w, const void *x,
                                const void *b, void *y);

struct zoo_level {
  const char *name;
  zoo_act_function *act;      // sweep.cpp
  zoo_apply_function *apply;  // the same
};

extern "C" __attribute__((visibility("hidden"))) const zoo_level ZOO_LEVELS[];

#endif
