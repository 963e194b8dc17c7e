// The functions that were compiled for each level of instructions.
#ifndef ZOO_DISPATCH_H
#define ZOO_DISPATCH_H

#include "sweep.h"

#define ZOO_EXPORT __attribute__((visibility("default")))

enum zoo_act {
  ZOO_WORKSPACE,  // how many bytes it needs
  ZOO_FORTH,      // all steps, in as many threads as the work repays
  ZOO_BACK,       // the same, back
  ZOO_PACK,       // of one row: this thread's part of packing the weights
  ZOO_PART,       // of one row: this thread's part of the product, with weights that are packed
};

// y (N) = W (N, K) · x + b, of one row.
struct zoo_dense {
  int64_t real;        // bytes of a number: 4 or 8
  int64_t half;        // with real = 4: the weights are kept in bfloat16
  int64_t N, K;
  const void *weight;  // (N, K)
  const void *bias;    // (N), or null
  const void *x;       // (K)
  void *y;             // (N)
  void *workspace;     // for the packed weights, aligned to 64
};

typedef int64_t zoo_act_function(int64_t what, const zoo_sweep *);
typedef int64_t zoo_row_function(int64_t what, const zoo_sweep *, int64_t thread, int64_t of);
typedef int64_t zoo_dense_function(int64_t what, const zoo_dense *, int64_t thread, int64_t of);

struct zoo_level {
  const char *name;
  bool (*there)();            // whether this processor has it
  zoo_act_function *act;      // sweep.cpp: all steps
  zoo_row_function *row;      // sweep.cpp: a step of one row; `half`: as in zoo_dense
  zoo_dense_function *dense;  // sweep.cpp
  zoo_act_function *halves;   // halves.cpp: products in bfloat16; null where they gain nothing
};

extern "C" __attribute__((visibility("hidden"))) const zoo_level ZOO_LEVELS[];

#endif
