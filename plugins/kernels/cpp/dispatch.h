// The functions that are compiled once for each instruction set ("level").
#ifndef ZOO_DISPATCH_H
#define ZOO_DISPATCH_H

#include "recurrence.h"

#define ZOO_EXPORT __attribute__((visibility("default")))

enum zoo_operation {
  ZOO_WORKSPACE,  // returns the bytes of workspace
  ZOO_FORWARD,    // all steps, in as many threads as the work is worth
  ZOO_BACKWARD,   // likewise
  ZOO_PACK,       // text: packs this thread's tiles of a weight
  ZOO_SUMS,       // text: returns the bytes of the sums of one row
  ZOO_MULTIPLY,   // text: makes this thread's tiles of a product
};

enum zoo_part_kind { ZOO_RECURRENT, ZOO_INPUT, ZOO_OUTPUT };

// A weight W (columns, K) of a text model, and where its products with some rows go. The columns are
// those of a layer's gates, or the symbols.
struct zoo_part {
  int64_t element_size;  // bytes of a sum: 4 or 8
  int64_t storage;       // a zoo_storage
  int64_t kind;          // a zoo_part_kind
  int64_t cell;          // a zoo_cell: of the layer
  int64_t width;         // columns of a gate, H, or the number of symbols, V
  int64_t K;
  const void *weight;    // (columns, K): numbers of element_size bytes, or 8-bit integers
  const float *scales;   // (columns): of 8-bit integers, else null
  const void *bias;      // (V): of the output layer
  void *packed;          // ZOO_WORKSPACE bytes, aligned to 64
  void *sums;            // ZOO_SUMS bytes for each row
  void *y;               // (rows, V): the logits
};

// The rows of a step.
struct zoo_text_rows {
  int64_t count;
  const int64_t *row;  // (count): which rows of the buffers
  int64_t capacity;    // number of rows of the buffers
  int64_t backward;    // whether the tiles are taken from the last to the first
  const void *x;       // what is multiplied; row r is x_stride numbers behind row r - 1
  int64_t x_stride;
  void *rounded;       // for 8-bit weights: rounded_bytes(K) for each row and thread
};

inline int64_t rounded_bytes(int64_t K) { return (K + 7) / 4 * 4 * 2 + 8; }

// The step of a layer after its products.
struct zoo_layer_step {
  const zoo_layer *layer;
  int64_t odd;            // the entry of the states that is read; the other one is written
  const void *sums;       // products with the layer's own state
  const void *inputs;     // products with the state of the layer below
  const void *table;      // (V, G): in place of them in the first layer, else null
  const int64_t *symbol;  // the symbol of every row, which chooses from the table
  void *gates;            // (rows, G): scratch space
  void *recurrent_n;      // (rows, H): likewise, of a GRU
};

// The logits that a symbol is drawn from.
struct zoo_draw {
  int64_t element_size;  // bytes of a logit: 4 or 8
  int64_t symbols;       // V
  const void *logits;    // (V)
  double temperature;    // what the logits are divided by; 0: no weights are needed
  double *weights;       // (V): receives e^((x - x_max) / temperature)
};

typedef int64_t zoo_run_function(int64_t operation, const zoo_recurrence *);
typedef int64_t zoo_part_function(int64_t operation, const zoo_part *, const zoo_text_rows *,
                                  int64_t thread, int64_t threads);
typedef void zoo_cell_function(const zoo_layer_step *, const zoo_text_rows *, int64_t element_size,
                               int64_t thread, int64_t threads);
typedef int64_t zoo_draw_function(const zoo_draw *);
typedef void zoo_scan_function(int64_t operation, const zoo_linear_scan *);
typedef int64_t zoo_class_loss_function(int64_t operation, zoo_class_loss *);
typedef int64_t zoo_small_step_function(int64_t operation, zoo_small_step *);

struct zoo_level {
  const char *name;
  bool (*is_supported)();               // whether this processor has the instructions
  zoo_run_function *run;                // recurrence.cpp: all steps
  zoo_part_function *part;              // recurrence.cpp: a product of the text loop
  zoo_cell_function *cell;              // recurrence.cpp: the cell of the text loop
  zoo_draw_function *draw;              // recurrence.cpp: the weights of symbols of the text loop
  zoo_scan_function *scan;              // recurrence.cpp: forward or backward
  zoo_class_loss_function *class_loss;  // recurrence.cpp: workspace, or forward
  zoo_small_step_function *small_step;  // recurrence.cpp: workspace, or forward: the step
  zoo_run_function *run_bf16;           // recurrence_bf16.cpp; null where bfloat16 is no faster
};

extern "C" __attribute__((visibility("hidden"))) const zoo_level ZOO_LEVELS[];

#endif
