// The functions that are compiled once for each instruction set ("level").
#ifndef ZOO_DISPATCH_H
#define ZOO_DISPATCH_H

#include "recurrence.h"

#define ZOO_EXPORT __attribute__((visibility("default")))

enum zoo_operation {
  ZOO_WORKSPACE,  // returns the bytes of workspace
  ZOO_FORWARD,    // all steps, in as many threads as the work is worth
  ZOO_BACKWARD,   // likewise
  ZOO_PACK,       // single row: packs this thread's part of the weights
  ZOO_MULTIPLY,   // single row: makes this thread's part of the product, with packed weights
};

// y (N) = W (N, K) · x + b, for a single row.
struct zoo_dense {
  int64_t element_size;  // bytes of a number: 4 or 8
  int64_t bf16;          // with element_size = 4: the weights are stored in bfloat16
  int64_t N, K;
  const void *weight;  // (N, K)
  const void *bias;    // (N), or null
  const void *x;       // (K)
  void *y;             // (N)
  void *workspace;     // for the packed weights, aligned to 64
};

typedef int64_t zoo_run_function(int64_t operation, const zoo_recurrence *);
typedef int64_t zoo_single_row_function(int64_t operation, const zoo_recurrence *, int64_t thread,
                                        int64_t threads);
typedef int64_t zoo_dense_function(int64_t operation, const zoo_dense *, int64_t thread,
                                   int64_t threads);

typedef void zoo_scan_function(int64_t operation, const zoo_linear_scan *);
typedef int64_t zoo_class_loss_function(int64_t operation, zoo_class_loss *);
typedef int64_t zoo_small_step_function(int64_t operation, zoo_small_step *);

struct zoo_level {
  const char *name;
  bool (*is_supported)();               // whether this processor has the instructions
  zoo_run_function *run;                // recurrence.cpp: all steps
  zoo_single_row_function *single_row;  // recurrence.cpp: one step of one row; `bf16` as in zoo_dense
  zoo_dense_function *dense;            // recurrence.cpp
  zoo_scan_function *scan;              // recurrence.cpp: forward or backward
  zoo_class_loss_function *class_loss;  // recurrence.cpp: workspace, or forward
  zoo_small_step_function *small_step;  // recurrence.cpp: workspace, or forward: the step
  zoo_run_function *run_bf16;           // recurrence_bf16.cpp; null where bfloat16 is no faster
};

extern "C" __attribute__((visibility("hidden"))) const zoo_level ZOO_LEVELS[];

#endif
