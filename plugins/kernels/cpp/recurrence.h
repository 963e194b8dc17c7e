// The C interface: one recurrent layer or one linear recurrence through all time steps, forward and
// backward, and text.
//
// In zoo_recurrence, time is the first axis of every buffer but the gradients of the outputs. State
// buffers have steps + 1 entries: forward, step t reads entry t and writes entry t + 1; in reverse it
// reads entry t + 1 and writes entry t. Rows are sorted by decreasing length, so the rows that take part
// in a step are the first ones.
#ifndef ZOO_RECURRENCE_H
#define ZOO_RECURRENCE_H

#include <stdint.h>

enum zoo_cell { ZOO_RNN_TANH = 0, ZOO_RNN_RELU = 1, ZOO_LSTM = 2, ZOO_GRU = 3 };

// Numbers (B, T, N) whose columns lie side by side; the strides count numbers.
struct zoo_strided {
  const void *numbers;
  int64_t row, step;  // both 0: the same at every step
};

struct zoo_recurrence {
  int64_t cell;                // a zoo_cell
  int64_t element_size;        // bytes of a number: 4 or 8
  int64_t level;               // index of the instruction set, from 0 to zoo_best_level()
  int64_t threads;             // the most threads to use
  int64_t reverse;             // whether time runs from the last step to the first
  int64_t needs_initial_grad;  // backward: whether to compute the gradient of the initial state
  int64_t steps;               // T
  int64_t rows;                // B
  int64_t hidden_size;         // H
  int64_t bf16;                // with element_size = 4, if the level has it: products with the
                               // weight in bfloat16, sums in float
  const int64_t *batch_sizes;  // (T): rows that take part in each step; null if all do
  void *gates;                 // (T, B, G): forward: projected inputs in, without tokens; gates out.
                               // Null for an RNN with tokens, which keeps no gates
  void *recurrent_n;           // (T, B, H): GRU: W_n h + b_n
  void *hidden;                // (T + 1, B, H)
  void *cell_state;            // (T + 1, B, H): LSTM
  const void *weight;          // (G, H)
  const void *bias;            // (H): GRU: b_n, or null
  void *d_gates;               // (T, B, G); GRU: (T, B, 4H), in the order q r z n. Null if `rounded`
                               // is enough
  struct zoo_strided d_outputs; // (B, T, H): gradients of the outputs; null: zeros
  void *d_hidden;              // (B, H): gradient of the last hidden state in, of the first out
  void *d_cell_state;          // (B, H): LSTM: likewise
  void *workspace;             // zoo_workspace() bytes, aligned to 64
  int64_t symbols;             // V, if the inputs are tokens
  const int64_t *tokens;       // (T, B): numbers from [0, V); null if the inputs are projected
  const void *table;           // (V, G): with tokens: the projected input of each symbol
  void *d_table;               // with tokens: gradient of the table out; (V, G), GRU: (V, 4H)
  void *rounded;               // bf16: (T·B + 16, D): what each step multiplies, in bfloat16: forward
                               // the state before it, H; backward d_gates, GRU without the n if
                               // d_gates is null. D is their width up to the next multiple of 32,
                               // and what is not written has to be zeros, but for the last 16 rows.
                               // Null: it is not kept
};

enum zoo_storage { ZOO_PLAIN = 0, ZOO_BF16 = 1, ZOO_INT8 = 2 };

struct zoo_layer {
  int64_t cell;             // a zoo_cell
  int64_t hidden_size;      // H
  const void *weight_ih;    // (G, H of the layer below); null for the first layer, which has a table
  const float *scales_ih;   // (G): of 8-bit weights
  const void *bias;         // (G): all biases but the GRU's b_n, or null; null for the first layer
  const void *weight_hh;    // (G, H)
  const float *scales_hh;   // (G): of 8-bit weights
  const void *bias_n;       // (H): GRU: b_n, or null
  void *hidden;             // (rows, 2, H): the states, and space for the next ones
  void *cell_state;         // (rows, 2, H): LSTM: likewise
};

// One of several texts.
struct zoo_text_row {
  const int64_t *prompt;   // (prompt_length): symbols that are fed first, at least one
  int64_t prompt_length;
  const double *uniform;   // (count): numbers from [0, 1), one for each draw; not with temperature 0
  int64_t *generated;      // (count): the symbols
  int64_t count;           // number of symbols to generate, at least one
  int64_t made;            // number of symbols that were; fewer if a logit is not finite
  int64_t top_k;           // draw from the top_k most likely symbols; 0 for all
  double temperature;      // divides the logits; 0 takes the most likely symbol
};

struct zoo_text {
  int64_t element_size, level, threads;  // as in zoo_recurrence
  int64_t storage;         // a zoo_storage, at every level; not plain with element_size = 4 only
  int64_t layers;          // number of layers
  int64_t symbols;         // V
  int64_t rows;            // number of texts; one step computes the next symbol of all of them
  int64_t capacity;        // rows that the workspace has space for
  const struct zoo_layer *layer;
  const void *table;       // (V, G): each symbol's projection by the first layer, with biases
  const void *weight;      // (V, H): of the output layer
  const float *scales;     // (V): of 8-bit weights
  const void *bias;        // (V): of the output layer
  struct zoo_text_row *row;  // (rows)
  void *packed;            // zoo_texts_packed() bytes, aligned to 64: the weights as the products read
                           // them, which texts of the same weights may share
  void *workspace;         // zoo_texts_workspace() bytes, aligned to 64
};

// Some numbers in memory.
struct zoo_numbers {
  const void *numbers;
  int64_t bytes;
};

// h_t = a_t ⊙ h_{t-1} + b_t. A complex number is two of element_size bytes, real part first. Rows
// come first, then steps.
struct zoo_linear_scan {
  int64_t element_size, level, threads, reverse;  // as in zoo_recurrence
  int64_t is_complex;          // whether all numbers are complex
  int64_t steps;               // T
  int64_t rows;                // B
  int64_t width;               // N
  const int64_t *lengths;      // (B): number of valid steps of each row; null if all are
  const uint8_t *starts;       // (B, T): whether the state is zeros before a step; null if never
  struct zoo_strided decay;    // a
  struct zoo_strided added;    // b; forward
  const void *initial;         // (B, N): h_0
  void *states;                // (B, T, N): h_1 to h_T
  struct zoo_strided grad;     // backward: of the states
  void *d_decay;               // (B, T, N): backward; or null
  void *d_decay_sum;           // (B, N): backward: the sum of d_decay over the steps; or null
  void *d_added;               // (B, T, N): backward
  void *d_initial;             // (B, N): backward
};

// The cross entropy of classes over some rows; see class_loss.h. Where the weights of all targets add
// up to 0, the loss is a NaN.
struct zoo_class_loss {
  int64_t element_size;      // bytes of a number: 4 or 8; or 2: in bfloat16, computed in float
  int64_t level, threads;    // as in zoo_recurrence
  int64_t rows;              // N
  int64_t classes;           // C
  int64_t ignored;           // the target that does not count
  double smoothing;          // ε
  const void *logits;        // (N, C)
  const int64_t *targets;    // (N)
  const void *weights;       // (C): in float for bfloat16, or null for ones
  void *grad;                // (N, C): of the mean loss, out; or null
  double loss;               // out: the mean over the targets that count
  double plain_loss;         // out: the sum without weights and smoothing
  double weight;             // out: Σ w_y
  int64_t counted;           // out: the number of targets that count
  int64_t correct;           // out: those whose logit is the first of the largest
  void *workspace;           // zoo_class_loss_workspace() bytes, aligned to 64
};

// A training step of a small model; see small_step.h.
enum zoo_parameter_name {
  ZOO_WEIGHT_IH = 0,  // (G, E), or (G, V) without an embedding
  ZOO_WEIGHT_HH,      // (G, H)
  ZOO_BIAS_IH,        // (G)
  ZOO_BIAS_HH,        // (G)
  ZOO_OUTPUT_WEIGHT,  // (C, H)
  ZOO_OUTPUT_BIAS,    // (C)
  ZOO_EMBEDDING,      // (V, E)
  ZOO_PARAMETERS
};

enum zoo_optimizer { ZOO_SGD = 0, ZOO_ADAM = 1, ZOO_ADAMW = 2 };

struct zoo_parameter {
  void *weights;        // null if the model does not have it
  void *first;          // Adam: the mean of the gradients; SGD with momentum: the velocity, else null
  void *second;         // Adam: the mean of their squares
  float *steps;         // Adam: the number of steps taken, which is counted up
};

struct zoo_small_step {
  int64_t element_size, level;  // as in zoo_recurrence
  int64_t cell;                 // a zoo_cell
  int64_t steps;                // T
  int64_t rows;                 // B
  int64_t symbols;              // V
  int64_t embedding_size;       // E; 0 for one-hot tokens
  int64_t hidden_size;          // H
  int64_t classes;              // C
  const int64_t *tokens;        // (B, T)
  const int64_t *targets;       // (B, T)
  int64_t ignored;              // as in zoo_class_loss
  double smoothing;             // likewise
  const void *class_weights;    // likewise
  const void *hidden;           // (B, H): the state to start from, or null for zeros
  const void *cell_state;       // (B, H): LSTM: likewise
  void *next_hidden;            // (B, H): out
  void *next_cell_state;        // (B, H): LSTM: out
  void *logits;                 // (T, B, C): out
  struct zoo_parameter parameters[ZOO_PARAMETERS];
  int64_t optimizer;            // a zoo_optimizer
  double learning_rate, weight_decay, momentum, beta_1, beta_2, epsilon;
  double clip_norm;             // the largest norm of the gradient; 0 for no limit
  double loss, plain_loss, weight;  // out: as in zoo_class_loss
  int64_t counted, correct;         // likewise
  double norm;                      // out: of the gradient before clipping
  void *workspace;                  // zoo_small_step_workspace() bytes, aligned to 64
  int64_t bf16;                     // with element_size = 4, at every level: products in bfloat16;
                                    // then the logits are in bfloat16 too
};

#ifdef __cplusplus
extern "C" {
#endif
int64_t zoo_version(void);     // of this interface: a caller of another one cannot use it
int64_t zoo_best_level(void);  // the last level that this processor supports
const char *zoo_level_name(int64_t level);
int64_t zoo_level_has_bf16(int64_t level);                  // whether the level takes `bf16`
int64_t zoo_workspace(const struct zoo_recurrence *layer);  // bytes of workspace
void zoo_forward(const struct zoo_recurrence *layer);
void zoo_backward(const struct zoo_recurrence *layer);
void zoo_linear_scan_forward(const struct zoo_linear_scan *scan);
void zoo_linear_scan_backward(const struct zoo_linear_scan *scan);
int64_t zoo_class_loss_workspace(struct zoo_class_loss *loss);  // bytes of workspace
int64_t zoo_class_loss_run(struct zoo_class_loss *loss);  // 1; 0, and nothing is computed, if a
                                                          // target is no class
int64_t zoo_small_step_workspace(struct zoo_small_step *step);  // bytes of workspace
int64_t zoo_small_step_run(struct zoo_small_step *step);  // 1; 0, and no weight is changed, if a token
                                                          // or a target is out of range, or the loss
                                                          // or the norm is not finite
int64_t zoo_texts_packed(const struct zoo_text *text);  // bytes of packed weights
void zoo_texts_pack(const struct zoo_text *text);       // which zoo_texts_generate reads in their place
int64_t zoo_texts_threads(const struct zoo_text *text);    // how many of `threads` the work is worth
int64_t zoo_texts_workspace(const struct zoo_text *text);  // bytes of workspace
void zoo_texts_generate(const struct zoo_text *text);
uint64_t zoo_fingerprint(const struct zoo_numbers *parts, int64_t count);  // of all their bits, in order
#ifdef __cplusplus
}
#endif

#endif
