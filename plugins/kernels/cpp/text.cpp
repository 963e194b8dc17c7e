// Generating symbol by symbol, without going back to the caller for each.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "dispatch.h"

namespace {

// The symbol that the uniform number falls on, by the softmax of the logits; -1 if one of them is
// not finite. The same as zoo_core's Sampler.
int64_t choose(const std::vector<double> &logits, const zoo_text &text, double uniform) {
  for (double each : logits)
    if (!std::isfinite(each)) return -1;
  const auto likeliest = std::max_element(logits.begin(), logits.end());
  if (text.temperature == 0) return likeliest - logits.begin();
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
    if (logits[i] >= bound) sum += std::exp((logits[i] - *likeliest) / text.temperature);
    sums[i] = sum;
  }
  const int64_t found = std::upper_bound(sums.begin(), sums.end(), uniform * sum) - sums.begin();
  return std::min<int64_t>(found, text.symbols - 1);
}

template <class Real> struct Text {
  const zoo_text &text;
  const zoo_level &level = ZOO_LEVELS[text.level];

  static int64_t gates(const zoo_layer &layer) {
    return (layer.cell == ZOO_LSTM ? 4 : layer.cell == ZOO_GRU ? 3 : 1) * layer.width;
  }

  static void advance(void *slots, int64_t width) {
    Real *state = static_cast<Real *>(slots);
    if (state) std::memcpy(state, state + width, width * sizeof(Real));
  }

  void step(const zoo_layer &layer) const {
    zoo_sweep sweep = {};
    sweep.cell = layer.cell, sweep.real = sizeof(Real), sweep.level = text.level;
    sweep.threads = text.threads, sweep.steps = sweep.rows = 1, sweep.width = layer.width;
    sweep.gates = layer.gates, sweep.inner = layer.inner;
    sweep.hidden = layer.hidden, sweep.memory = layer.memory;
    sweep.weight = layer.weight_hh, sweep.bias = layer.bias_n;
    level.act(0, &sweep);
    advance(layer.hidden, layer.width);
    advance(layer.memory, layer.width);
  }

  int64_t generate() const {
    std::vector<Real> answer(text.symbols);
    std::vector<double> logits(text.symbols);
    int64_t token = text.token;
    for (int64_t n = 0; n < text.count; n++) {
      const zoo_layer *layer = text.layer;
      const int64_t G = gates(*layer);
      std::memcpy(layer->gates, static_cast<const Real *>(text.table) + token * G, G * sizeof(Real));
      step(*layer);
      for (; layer + 1 < text.layer + text.layers; layer++) {
        const zoo_layer &next = layer[1];
        level.apply(sizeof(Real), gates(next), layer->width, next.weight_ih, layer->hidden,
                    next.bias, next.gates);
        step(next);
      }
      level.apply(sizeof(Real), text.symbols, layer->width, text.weight, layer->hidden, text.bias,
                  answer.data());
      std::copy(answer.begin(), answer.end(), logits.begin());
      token = choose(logits, text, text.uniform[n]);
      if (token < 0) return n;
      text.made[n] = token;
    }
    return text.count;
  }
};

}  // namespace

extern "C" ZOO_EXPORT int64_t zoo_generate(const zoo_text *text) {
  return text->real == 8 ? Text<double>{*text}.generate() : Text<float>{*text}.generate();
}
