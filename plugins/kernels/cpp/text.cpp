// Generates text symbol by symbol, without a return to the caller for each symbol: several texts by
// one step for all.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "dispatch.h"
#include "threads.h"

namespace {

// Draws symbols by uniform numbers from the softmax of logits, as zoo_core's Sampler does.
template <class Real> struct Draw {
  const zoo_level &level;
  int64_t symbols;  // V
  double *weights;  // (V): of this thread

  // Returns -1 if a logit is not finite.
  int64_t operator()(const Real *logits, const zoo_text_row &row, double uniform) const {
    const zoo_draw draw = {sizeof(Real), symbols, logits, row.temperature, weights};
    const int64_t most_likely = level.draw(&draw);
    if (most_likely < 0 || row.temperature == 0) return most_likely;
    Real threshold = -INFINITY;
    if (row.top_k && row.top_k < symbols) {
      std::vector<Real> sorted(logits, logits + symbols);
      const auto nth = sorted.begin() + (row.top_k - 1);
      std::nth_element(sorted.begin(), nth, sorted.end(), std::greater<Real>());
      threshold = *nth;
    }
    double sum = 0;
    for (int64_t i = 0; i < symbols; i++) {
      if (logits[i] >= threshold) sum += weights[i];
      weights[i] = sum;
    }
    const double *drawn = std::upper_bound(weights, weights + symbols, uniform * sum);
    return std::min<int64_t>(drawn - weights, symbols - 1);
  }
};

int64_t gates(const zoo_layer &layer) {
  return (layer.cell == ZOO_LSTM ? 4 : layer.cell == ZOO_GRU ? 3 : 1) * layer.hidden_size;
}

// A network over symbols. One parallel region generates all symbols of all rows; each thread makes
// its columns of every product.
//
// The products with a layer's own state need no symbol, so they are made before it is drawn, while the
// other threads finish the logits. That leaves one barrier for the logits and one for each layer.
template <class Real> struct Text {
  const zoo_text &text;
  const zoo_level &level = ZOO_LEVELS[text.level];
  std::vector<zoo_part> recurrent;  // of each layer
  std::vector<zoo_part> inputs;     // of each layer but the first
  zoo_part output = {};
  std::vector<zoo_layer_step> scratch;  // of each layer
  void *rounded = nullptr;
  void *draw_weights = nullptr;  // (threads, V)
  int64_t packed_bytes = 0, workspace_bytes = 0;
  int64_t products = 0;  // multiplications for one symbol

  explicit Text(const zoo_text &text) : text(text) {
    int64_t widest = 0;
    for (int64_t i = 0; i < text.layers; i++) {
      const zoo_layer &layer = text.layer[i];
      recurrent.push_back(part(ZOO_RECURRENT, layer.cell, layer.hidden_size, layer.hidden_size));
      recurrent.back().weight = layer.weight_hh, recurrent.back().scales = layer.scales_hh;
      products += gates(layer) * layer.hidden_size;
      widest = std::max(widest, layer.hidden_size);
      if (i == 0) continue;
      inputs.push_back(part(ZOO_INPUT, layer.cell, layer.hidden_size, text.layer[i - 1].hidden_size));
      inputs.back().weight = layer.weight_ih, inputs.back().scales = layer.scales_ih;
      products += gates(layer) * text.layer[i - 1].hidden_size;
    }
    output = part(ZOO_OUTPUT, 0, text.symbols, text.layer[text.layers - 1].hidden_size);
    output.weight = text.weight, output.scales = text.scales, output.bias = text.bias;
    products += output.width * output.K;
    for_each_part([&](zoo_part &part) {
      part.packed = allocate(text.packed, packed_bytes, level.part(ZOO_WORKSPACE, &part, nullptr, 0, 1));
      part.sums = allocate(text.capacity * level.part(ZOO_SUMS, &part, nullptr, 0, 1));
    });
    for (int64_t i = 0; i < text.layers; i++) {
      const zoo_layer &layer = text.layer[i];
      zoo_layer_step step = {};
      step.layer = &layer, step.gates = allocate(text.capacity * gates(layer) * sizeof(Real));
      if (layer.cell == ZOO_GRU) step.recurrent_n = allocate(text.capacity * layer.hidden_size * sizeof(Real));
      scratch.push_back(step);
    }
    output.y = allocate(text.capacity * text.symbols * sizeof(Real));
    draw_weights = allocate(text.threads * text.symbols * sizeof(double));
    if (text.storage == ZOO_INT8) rounded = allocate(text.threads * text.capacity * rounded_bytes(widest));
  }

  zoo_part part(int64_t kind, int64_t cell, int64_t width, int64_t K) const {
    zoo_part part = {};
    part.element_size = sizeof(Real), part.storage = text.storage;
    part.kind = kind, part.cell = cell, part.width = width, part.K = K;
    return part;
  }

  template <class Task> void for_each_part(Task task) {
    for (zoo_part &part : recurrent) task(part);
    for (zoo_part &part : inputs) task(part);
    task(output);
  }

  // The next part of some memory, of which `used` bytes are in use; null while they are only counted.
  static void *allocate(void *memory, int64_t &used, int64_t size) {
    char *address = static_cast<char *>(memory) + used;
    used += (size + 63) / 64 * 64;
    return memory ? address : nullptr;
  }
  void *allocate(int64_t size) { return allocate(text.workspace, workspace_bytes, size); }

  static Real *state(const zoo_layer &layer, int64_t entry) {
    return static_cast<Real *>(layer.hidden) + entry * layer.hidden_size;
  }

  // Multiplies a weight with the states of a layer in one of their two entries.
  void multiply(const zoo_part &part, const zoo_layer &layer, int64_t entry, zoo_text_rows rows,
                const ThreadShare &share) const {
    rows.x = state(layer, entry), rows.x_stride = 2 * layer.hidden_size;
    level.part(ZOO_MULTIPLY, &part, &rows, share.thread, share.threads);
  }

  void multiply_recurrent(int64_t entry, const zoo_text_rows &rows, const ThreadShare &share) const {
    for (int64_t i = 0; i < text.layers && rows.count; i++)
      multiply(recurrent[i], text.layer[i], entry, rows, share);
  }

  // Takes all layers one step further, from one entry of the states to the other.
  void apply_layers(int64_t odd, const zoo_text_rows &rows, const int64_t *symbol, const ThreadShare &share) const {
    for (int64_t i = 0; i < text.layers; i++) {
      zoo_layer_step step = scratch[i];
      step.odd = odd, step.sums = recurrent[i].sums;
      if (i == 0)
        step.table = text.table, step.symbol = symbol;
      else
        multiply(inputs[i - 1], text.layer[i - 1], !odd, rows, share), step.inputs = inputs[i - 1].sums;
      level.cell(&step, &rows, sizeof(Real), share.thread, share.threads);
      share.synchronize();
      if (share.threads > 1 && rows.count == 1)
        prefetch(state(text.layer[i], 2 * rows.row[0] + !odd), text.layer[i].hidden_size * sizeof(Real));
    }
  }

  // Requests all lines of a state at once: the caches of other threads have those that these wrote.
  static void prefetch(const void *numbers, int64_t size) {
    const char *from = static_cast<const char *>(numbers);
    for (int64_t i = 0; i < size; i += 64) __builtin_prefetch(from + i);
  }

  int64_t steps(int64_t row) const { return text.row[row].prompt_length + text.row[row].count - 1; }

  // The rows that read or generate after a step; `symbol` of a row that ended by an error is -1.
  void select(std::vector<int64_t> &rows, const std::vector<int64_t> &symbol, int64_t step) const {
    const auto ended = [&](int64_t row) { return step >= steps(row) || symbol[row] < 0; };
    rows.erase(std::remove_if(rows.begin(), rows.end(), ended), rows.end());
  }

  // Generates this thread's share of every step. A thread draws the symbols of some rows; of one row
  // alone, every thread does, so that none waits for another.
  void generate(const ThreadShare &share, std::vector<int64_t> &drawn) const {
    double *const weights = static_cast<double *>(draw_weights) + share.thread * text.symbols;
    const Draw<Real> draw{level, text.symbols, weights};
    std::vector<int64_t> active(text.rows), drawing, symbol(text.rows);
    for (int64_t r = 0; r < text.rows; r++) active[r] = r, symbol[r] = text.row[r].prompt[0];
    zoo_text_rows rows = {};
    rows.capacity = text.capacity, rows.rounded = rounded;
    const auto of = [&](const std::vector<int64_t> &chosen, int64_t n) {
      rows.count = int64_t(chosen.size()), rows.row = chosen.data(), rows.backward = n % 2;
      return rows;
    };
    multiply_recurrent(0, of(active, 0), share);
    for (int64_t n = 0; !active.empty(); n++) {
      const int64_t odd = n % 2;
      apply_layers(odd, of(active, n), symbol.data(), share);
      drawing.clear();
      for (int64_t r : active)
        if (n + 1 >= text.row[r].prompt_length) drawing.push_back(r);
      if (!drawing.empty()) multiply(output, text.layer[text.layers - 1], !odd, of(drawing, n), share);
      const int64_t logits = drawing.empty() ? 0 : share.arrive();
      select(active, symbol, n + 1);
      multiply_recurrent(!odd, of(active, n + 1), share);
      for (int64_t r : active)
        if (n + 1 < text.row[r].prompt_length) symbol[r] = text.row[r].prompt[n + 1];
      if (drawing.empty()) continue;
      share.wait(logits);
      for (size_t i = 0; i < drawing.size(); i++) {
        const int64_t r = drawing[i], at = n + 1 - text.row[r].prompt_length;
        const bool is_own = int64_t(i) % share.threads == share.thread;
        if (!is_own && text.rows > 1) continue;
        zoo_text_row &row = text.row[r];
        symbol[r] = draw(static_cast<const Real *>(output.y) + r * text.symbols, row, row.temperature ? row.uniform[at] : 0);
        if (!is_own) continue;
        if (symbol[r] >= 0) row.generated[at] = symbol[r], row.made = at + 1;
        drawn[r] = symbol[r];
      }
      if (text.rows > 1) {
        share.synchronize();
        for (int64_t r : drawing) symbol[r] = drawn[r];
      }
      select(active, symbol, n + 1);
    }
  }

  // Copies the states of rows that ended in the second entry to the first.
  void move_states_to_first_entry() const {
    for (int64_t i = 0; i < text.layers; i++) {
      const zoo_layer &layer = text.layer[i];
      for (void *states : {layer.hidden, layer.cell_state})
        for (int64_t r = 0; r < text.rows && states; r++) {
          Real *first = static_cast<Real *>(states) + 2 * r * layer.hidden_size;
          if (steps(r) % 2) std::memcpy(first, first + layer.hidden_size, layer.hidden_size * sizeof(Real));
        }
    }
  }

  // The threads start once for all symbols, so a quarter of the usual work per thread is enough.
  ThreadGroup group() const { return {text.threads, 1, text.symbols, 4 * products * text.rows, 1}; }

  void pack() {
    group().for_each_thread([&](int64_t thread, int64_t threads) {
      for_each_part([&](const zoo_part &part) { level.part(ZOO_PACK, &part, nullptr, thread, threads); });
    });
  }

  void generate() {
    for (int64_t r = 0; r < text.rows; r++) text.row[r].made = 0;
    std::vector<int64_t> drawn(text.rows);
    group().for_each_share([&](const ThreadShare &share) { generate(share, drawn); });
    move_states_to_first_entry();
  }
};

}  // namespace

extern "C" ZOO_EXPORT int64_t zoo_texts_packed(const zoo_text *text) {
  return text->element_size == 8 ? Text<double>(*text).packed_bytes : Text<float>(*text).packed_bytes;
}

extern "C" ZOO_EXPORT void zoo_texts_pack(const zoo_text *text) {
  text->element_size == 8 ? Text<double>(*text).pack() : Text<float>(*text).pack();
}

extern "C" ZOO_EXPORT int64_t zoo_texts_threads(const zoo_text *text) {
  return text->element_size == 8 ? Text<double>(*text).group().threads : Text<float>(*text).group().threads;
}

extern "C" ZOO_EXPORT int64_t zoo_texts_workspace(const zoo_text *text) {
  return text->element_size == 8 ? Text<double>(*text).workspace_bytes : Text<float>(*text).workspace_bytes;
}

extern "C" ZOO_EXPORT void zoo_texts_generate(const zoo_text *text) {
  text->element_size == 8 ? Text<double>(*text).generate() : Text<float>(*text).generate();
}
