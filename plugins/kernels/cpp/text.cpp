// Generating symbol by symbol, without going back to the caller for each.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "dispatch.h"
#include "team.h"

namespace {

// The symbol that the uniform number falls on, by the softmax of the logits; -1 if one of them is
// not finite. The same as zoo_core's Sampler.
template <class Real>
int64_t choose(const std::vector<Real> &answer, const zoo_text &text, double uniform) {
  int64_t likeliest = 0;
  for (int64_t i = 0; i < text.symbols; i++) {
    if (!std::isfinite(answer[i])) return -1;
    if (answer[i] > answer[likeliest]) likeliest = i;
  }
  if (text.temperature == 0) return likeliest;
  const std::vector<double> logits(answer.begin(), answer.end());
  double bound = -INFINITY;
  if (text.top_k && text.top_k < text.symbols) {
    std::vector<double> sorted(logits);
    const auto nth = sorted.begin() + (text.top_k - 1);
    std::nth_element(sorted.begin(), nth, sorted.end(), std::greater<double>());
    bound = *nth;
  }
  std::vector<double> sums(logits.size());
  double sum = 0;
  for (size_t i = 0; i < logits.size(); i++) {
    if (logits[i] >= bound) sum += std::exp((logits[i] - logits[likeliest]) / text.temperature);
    sums[i] = sum;
  }
  const int64_t found = std::upper_bound(sums.begin(), sums.end(), uniform * sum) - sums.begin();
  return std::min<int64_t>(found, text.symbols - 1);
}

int64_t gates(const zoo_layer &layer) {
  return (layer.cell == ZOO_LSTM ? 4 : layer.cell == ZOO_GRU ? 3 : 1) * layer.width;
}

// A network over symbols. All symbols are made in one parallel region, whose threads have their
// columns of every product, and meet after each.
template <class Real> struct Text {
  const zoo_text &text;
  const zoo_level &level = ZOO_LEVELS[text.level];
  std::vector<zoo_sweep> layers;  // one step of one row each
  std::vector<zoo_dense> inputs;  // what each layer but the first makes of the one below
  std::vector<Real> answer = std::vector<Real>(text.symbols);
  zoo_dense output = {};
  int64_t bytes = 0;     // of the workspace
  int64_t products = 0;  // of a symbol

  explicit Text(const zoo_text &text) : text(text) {
    for (int64_t i = 0; i < text.layers; i++) {
      const zoo_layer &layer = text.layer[i];
      zoo_sweep sweep = {};
      sweep.cell = layer.cell, sweep.real = sizeof(Real), sweep.level = text.level;
      sweep.half = text.half;
      sweep.threads = text.threads, sweep.steps = sweep.rows = 1, sweep.width = layer.width;
      sweep.gates = layer.gates, sweep.inner = layer.inner;
      sweep.hidden = layer.hidden, sweep.memory = layer.memory;
      sweep.weight = layer.weight_hh, sweep.bias = layer.bias_n;
      sweep.workspace = room(level.row(ZOO_WORKSPACE, &sweep, 0, 1));
      products += gates(layer) * layer.width;
      if (i) {
        zoo_dense input = {};
        input.real = sizeof(Real), input.half = text.half;
        input.N = gates(layer), input.K = text.layer[i - 1].width;
        input.weight = layer.weight_ih, input.bias = layer.bias, input.y = layer.gates;
        input.workspace = room(level.dense(ZOO_WORKSPACE, &input, 0, 1));
        products += input.N * input.K;
        inputs.push_back(input);
      }
      layers.push_back(sweep);
    }
    output.real = sizeof(Real), output.half = text.half;
    output.N = text.symbols, output.K = text.layer[text.layers - 1].width;
    output.weight = text.weight, output.bias = text.bias, output.y = answer.data();
    output.workspace = room(level.dense(ZOO_WORKSPACE, &output, 0, 1));
    products += output.N * output.K;
  }

  void *room(int64_t size) {
    char *found = static_cast<char *>(text.workspace) + bytes;
    bytes += (size + 63) / 64 * 64;
    return text.workspace ? found : nullptr;
  }

  void pack(int64_t thread, int64_t of) const {
    for (const zoo_sweep &each : layers) level.row(ZOO_PACK, &each, thread, of);
    for (const zoo_dense &each : inputs) level.dense(ZOO_PACK, &each, thread, of);
    level.dense(ZOO_PACK, &output, thread, of);
  }

  // Puts what a symbol contributes where the first layer's gates begin.
  void feed(int64_t token) const {
    const int64_t G = gates(text.layer[0]);
    std::memcpy(text.layer[0].gates, static_cast<const Real *>(text.table) + token * G,
                G * sizeof(Real));
  }

  // The states after what was fed. They go to and fro between their two slots: from the first to
  // the second where `odd` is 0, as a forward sweep does, and back as a reverse one.
  void forward(const Share &share, int64_t odd) const {
    for (size_t i = 0; i < layers.size(); i++) {
      if (i) {
        zoo_dense input = inputs[i - 1];
        input.x = state(text.layer[i - 1], !odd);
        level.dense(ZOO_PART, &input, share.thread, share.threads);
        share.meet();
      }
      zoo_sweep sweep = layers[i];
      sweep.reverse = odd;
      level.row(ZOO_PART, &sweep, share.thread, share.threads);
      share.meet();
    }
  }

  // What the network says to that.
  void read_out(const Share &share, int64_t odd) const {
    zoo_dense last = output;
    last.x = state(text.layer[text.layers - 1], !odd);
    level.dense(ZOO_PART, &last, share.thread, share.threads);
    share.meet();
  }

  static Real *state(const zoo_layer &layer, int64_t slot) {
    return static_cast<Real *>(layer.hidden) + slot * layer.width;
  }

  // The states of the second slots become those of the first.
  void settle() const {
    for (int64_t i = 0; i < text.layers; i++) {
      const zoo_layer &layer = text.layer[i];
      for (void *each : {layer.hidden, layer.memory})
        if (Real *slots = static_cast<Real *>(each))
          std::memcpy(slots, slots + layer.width, layer.width * sizeof(Real));
    }
  }

  int64_t generate() const {
    // threads that are called once for all symbols repay themselves with a quarter of the work
    const Team team(text.threads, 1, text.symbols, 4 * products, 1);
    if (!text.packed) team.each([&](int64_t thread, int64_t of) { pack(thread, of); });
    const int64_t steps = text.fed + text.count - 1;
    int64_t made = 0, token = text.prompt[0];
    feed(token);
    team.share([&](const Share &share) {
      for (int64_t n = 0; n < steps; n++) {
        const bool prompted = n + 1 < text.fed;
        forward(share, n % 2);
        if (!prompted) read_out(share, n % 2);
        if (share.thread == 0) {
          if (prompted) {
            token = text.prompt[n + 1];
          } else {
            token = choose(answer, text, text.uniform[made]);
            if (token >= 0) text.made[made++] = token;
          }
          if (token >= 0) feed(token);
        }
        share.meet();
        if (token < 0) break;
      }
    });
    if (steps % 2) settle();
    return made;
  }
};

}  // namespace

extern "C" ZOO_EXPORT int64_t zoo_text_workspace(const zoo_text *text) {
  return text->real == 8 ? Text<double>(*text).bytes : Text<float>(*text).bytes;
}

extern "C" ZOO_EXPORT int64_t zoo_generate(const zoo_text *text) {
  return text->real == 8 ? Text<double>(*text).generate() : Text<float>(*text).generate();
}
