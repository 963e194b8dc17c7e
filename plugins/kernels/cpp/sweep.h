// A sweep of a recurrent cell through all of its steps, and back: the C interface.
//
// Everything is laid out steps first. States lie in buffers of steps + 1 slots: a forward walk goes
// from slot t to slot t + 1 at step t, a reverse one from t + 1 to t. Rows are sorted by falling
// length, so that those which take part in a step are the first ones.
#ifndef ZOO_SWEEP_H
#define ZOO_SWEEP_H

#include <stdint.h>

enum zoo_cell { ZOO_RNN_TANH = 0, ZOO_RNN_RELU = 1, ZOO_LSTM = 2, ZOO_GRU = 3 };

struct zoo_sweep {
  int64_t cell;            // a zoo_cell
  int64_t real;            // bytes of a number: 4 or 8
  int64_t level;           // which instructions: 0 up to zoo_best_level()
  int64_t threads;         // at most so many
  int64_t reverse;         // from the last step to the first
  int64_t cut;             // back: to the first step's gates, but not to the state before it
  int64_t steps;           // T
  int64_t rows;            // B
  int64_t width;           // H
  int64_t half;            // with real = 4, where the level has it: products with the weight in
                           // bfloat16, sums in float
  const int64_t *sizes;    // rows that take part in each step (T), or null for all
  void *gates;             // (T, B, G): forth: projected inputs in, gates out; back: gates
  void *inner;             // (T, B, H): GRU: W_n h + b_n
  void *hidden;            // (T + 1, B, H)
  void *memory;            // (T + 1, B, H): LSTM: the cell state
  const void *weight;      // (G, H)
  const void *bias;        // (H): GRU: b_n, or null
  void *d_gates;           // (T, B, G), GRU (T, B, 4H): q r z n, as in zoo_core's portable sweep
  void *d_hidden;          // (T + 1, B, H): gradients of the outputs in, of the states out, but
                           // for the start's if cut
  void *d_memory;          // (B, H): LSTM: of the last cell state in, of the first out
  void *workspace;         // zoo_workspace() bytes, aligned to 64
};

struct zoo_layer {
  int64_t cell;            // a zoo_cell
  int64_t width;           // H
  const void *weight_ih;   // (G, H of the layer below); null for the first, which has the table
  const void *bias;        // (G): all biases but the GRU's b_n, or null; as above
  const void *weight_hh;   // (G, H)
  const void *bias_n;      // (H): GRU: b_n, or null
  void *hidden;            // (2, H): the state, and room for the next
  void *memory;            // (2, H): LSTM: the same of the cell state
  void *gates;             // (G): room
  void *inner;             // (H): GRU: room
};

struct zoo_text {
  int64_t real, level, threads;  // as in zoo_sweep
  int64_t half;            // with real = 4: weights are kept in bfloat16, at every level
  int64_t layers;          // how many
  int64_t symbols;         // V
  int64_t count;           // how many to make
  int64_t fed;             // how many are fed first, at least one
  int64_t top_k;           // draw from so many of the likeliest; 0 for all
  double temperature;      // divides the logits; 0 takes the likeliest
  const struct zoo_layer *layer;
  const void *table;       // (V, G): what each symbol contributes to the first layer, with biases
  const void *weight;      // (V, H): of the output
  const void *bias;        // (V)
  const int64_t *prompt;   // (fed): those symbols
  const double *uniform;   // (count): numbers from [0, 1), one for each draw
  int64_t *made;           // (count): the symbols
  int64_t packed;          // whether the workspace holds these weights from an earlier call
  void *workspace;         // zoo_text_workspace() bytes, aligned to 64
};

#ifdef __cplusplus
extern "C" {
#endif
int64_t zoo_best_level(void);                        // of this processor
const char *zoo_level_name(int64_t level);
int64_t zoo_level_halves(int64_t level);             // whether its sweeps take `half`
int64_t zoo_workspace(const struct zoo_sweep *sweep);  // bytes that a sweep needs
void zoo_forth(const struct zoo_sweep *sweep);
void zoo_back(const struct zoo_sweep *sweep);
int64_t zoo_text_workspace(const struct zoo_text *text);
int64_t zoo_generate(const struct zoo_text *text);  // symbols made; fewer where one is not finite
#ifdef __cplusplus
}
#endif

#endif
