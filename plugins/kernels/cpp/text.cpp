// Generates text symbol by symbol, without a return to the caller for each symbol.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "dispatch.h"
#include "threads.h"

namespace {

// Draws a symbol by a uniform number from the softmax of the logits, as zoo_core's Sampler does.
// Returns -1 if a logit is not finite.
template <class Real>
int64_t draw(const std::vector<Real> &logits, const zoo_text &text, double uniform) {
  int64_t most_likely = 0;
  for (int64_t i = 0; i < text.symbols; i++) {
    if (!std::isfinite(logits[i])) return -1;
    if (logits[i] > logits[most_likely]) most_likely = i;
  }
  if (text.temperature == 0) return most_likely;
  const std::vector<double> doubles(logits.begin(), logits.end());
  double threshold = -INFINITY;
  if (text.top_k && text.top_k < text.symbols) {
    std::vector<double> sorted(doubles);
    const auto nth = sorted.begin() + (text.top_k - 1);
    std::nth_element(sorted.begin(), nth, sorted.end(), std::greater<double>());
    threshold = *nth;
  }
  std::vector<double> cumulative(doubles.size());
  double sum = 0;
  for (size_t i = 0; i < doubles.size(); i++) {
    if (doubles[i] >= threshold)
      sum += std::exp((doubles[i] - doubles[most_likely]) / text.temperature);
    cumulative[i] = sum;
  }
  const auto drawn = std::upper_bound(cumulative.begin(), cumulative.end(), uniform * sum);
  return std::min<int64_t>(drawn - cumulative.begin(), text.symbols - 1);
}

int64_t gates(const zoo_layer &layer) {
  return (layer.cell == ZOO_LSTM ? 4 : layer.cell == ZOO_GRU ? 3 : 1) * layer.hidden_size;
}

// A network over symbols. One parallel region generates all symbols; each thread makes its columns
// of every product, and all threads synchronize after each product.
template <class Real> struct Text {
  const zoo_text &text;
  const zoo_level &level = ZOO_LEVELS[text.level];
  std::vector<zoo_recurrence> layers;  // one step of one row each
  std::vector<zoo_dense> inputs;       // each layer's projection of the layer below, but the first's
  std::vector<Real> logits = std::vector<Real>(text.symbols);
  zoo_dense output = {};
  int64_t bytes = 0;     // of the workspace
  int64_t products = 0;  // multiplications for one symbol

  explicit Text(const zoo_text &text) : text(text) {
    for (int64_t i = 0; i < text.layers; i++) {
      const zoo_layer &layer = text.layer[i];
      zoo_recurrence step = {};
      step.cell = layer.cell, step.element_size = sizeof(Real), step.level = text.level;
      step.bf16 = text.bf16, step.threads = text.threads;
      step.steps = step.rows = 1, step.hidden_size = layer.hidden_size;
      step.gates = layer.gates, step.recurrent_n = layer.recurrent_n;
      step.hidden = layer.hidden, step.cell_state = layer.cell_state;
      step.weight = layer.weight_hh, step.bias = layer.bias_n;
      step.workspace = allocate(level.single_row(ZOO_WORKSPACE, &step, 0, 1));
      products += gates(layer) * layer.hidden_size;
      if (i) {
        zoo_dense input = {};
        input.element_size = sizeof(Real), input.bf16 = text.bf16;
        input.N = gates(layer), input.K = text.layer[i - 1].hidden_size;
        input.weight = layer.weight_ih, input.bias = layer.bias, input.y = layer.gates;
        input.workspace = allocate(level.dense(ZOO_WORKSPACE, &input, 0, 1));
        products += input.N * input.K;
        inputs.push_back(input);
      }
      layers.push_back(step);
    }
    output.element_size = sizeof(Real), output.bf16 = text.bf16;
    output.N = text.symbols, output.K = text.layer[text.layers - 1].hidden_size;
    output.weight = text.weight, output.bias = text.bias, output.y = logits.data();
    output.workspace = allocate(level.dense(ZOO_WORKSPACE, &output, 0, 1));
    products += output.N * output.K;
  }

  // The next part of the workspace; null while its size is only being counted.
  void *allocate(int64_t size) {
    char *address = static_cast<char *>(text.workspace) + bytes;
    bytes += (size + 63) / 64 * 64;
    return text.workspace ? address : nullptr;
  }

  void pack(int64_t thread, int64_t threads) const {
    for (const zoo_recurrence &step : layers) level.single_row(ZOO_PACK, &step, thread, threads);
    for (const zoo_dense &input : inputs) level.dense(ZOO_PACK, &input, thread, threads);
    level.dense(ZOO_PACK, &output, thread, threads);
  }

  // Copies a symbol's projection to the first layer's gates.
  void feed(int64_t symbol) const {
    const int64_t G = gates(text.layer[0]);
    std::memcpy(text.layer[0].gates, static_cast<const Real *>(text.table) + symbol * G,
                G * sizeof(Real));
  }

  // Takes all layers one step further. The states alternate between their two entries: from the
  // first to the second if `odd` is 0, as a forward recurrence does, else back, as a reverse one.
  void forward(const ThreadShare &share, int64_t odd) const {
    for (size_t i = 0; i < layers.size(); i++) {
      if (i) {
        zoo_dense input = inputs[i - 1];
        input.x = state(text.layer[i - 1], !odd);
        level.dense(ZOO_MULTIPLY, &input, share.thread, share.threads);
        share.synchronize();
      }
      zoo_recurrence step = layers[i];
      step.reverse = odd;
      level.single_row(ZOO_MULTIPLY, &step, share.thread, share.threads);
      share.synchronize();
    }
  }

  // Computes the logits from the last layer's state.
  void apply_output(const ThreadShare &share, int64_t odd) const {
    zoo_dense last = output;
    last.x = state(text.layer[text.layers - 1], !odd);
    level.dense(ZOO_MULTIPLY, &last, share.thread, share.threads);
    share.synchronize();
  }

  static Real *state(const zoo_layer &layer, int64_t entry) {
    return static_cast<Real *>(layer.hidden) + entry * layer.hidden_size;
  }

  // Copies every layer's second state entry to its first.
  void move_states_to_first_entry() const {
    for (int64_t i = 0; i < text.layers; i++) {
      const zoo_layer &layer = text.layer[i];
      for (void *states : {layer.hidden, layer.cell_state})
        if (Real *first = static_cast<Real *>(states))
          std::memcpy(first, first + layer.hidden_size, layer.hidden_size * sizeof(Real));
    }
  }

  int64_t generate() const {
    // the threads start once for all symbols, so a quarter of the usual work per thread is enough
    const ThreadGroup group(text.threads, 1, text.symbols, 4 * products, 1);
    if (!text.packed)
      group.for_each_thread([&](int64_t thread, int64_t threads) { pack(thread, threads); });
    const int64_t steps = text.prompt_length + text.count - 1;
    int64_t generated = 0, symbol = text.prompt[0];
    feed(symbol);
    group.for_each_share([&](const ThreadShare &share) {
      for (int64_t n = 0; n < steps; n++) {
        const bool in_prompt = n + 1 < text.prompt_length;
        forward(share, n % 2);
        if (!in_prompt) apply_output(share, n % 2);
        if (share.thread == 0) {
          if (in_prompt) {
            symbol = text.prompt[n + 1];
          } else {
            symbol = draw(logits, text, text.uniform[generated]);
            if (symbol >= 0) text.generated[generated++] = symbol;
          }
          if (symbol >= 0) feed(symbol);
        }
        share.synchronize();
        if (symbol < 0) break;
      }
    });
    if (steps % 2) move_states_to_first_entry();
    return generated;
  }
};

}  // namespace

extern "C" ZOO_EXPORT int64_t zoo_text_workspace(const zoo_text *text) {
  return text->element_size == 8 ? Text<double>(*text).bytes : Text<float>(*text).bytes;
}

extern "C" ZOO_EXPORT int64_t zoo_generate(const zoo_text *text) {
  return text->element_size == 8 ? Text<double>(*text).generate() : Text<float>(*text).generate();
}
