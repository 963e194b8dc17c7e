// Every sweep at odd sizes over buffers of just their size, so that a sanitizer sees what goes beyond;
// what they find is held to plain loops.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "native_loop.h"
#include "sweep.h"

namespace {

std::mt19937 generator(0);
int64_t done = 0;

template <class Real> std::vector<Real> random(int64_t count) {
  std::normal_distribution<Real> normal;
  std::vector<Real> made(count);
  for (Real &each : made) each = normal(generator);
  made.shrink_to_fit();
  return made;
}

template <class Real> std::vector<double> wide(const std::vector<Real> &values) {
  return std::vector<double>(values.begin(), values.end());
}

template <class Real>
void close(const char *what, const std::vector<Real> &found, const std::vector<double> &expected,
           const zoo_sweep &s) {
  const double tolerance = s.half ? 3e-2 : sizeof(Real) == 4 ? 1e-5 : 1e-13;
  for (size_t i = 0; i < expected.size(); i++)
    if (!(std::fabs(found[i] - expected[i]) <= tolerance * (1 + std::fabs(expected[i])))) {
      std::fprintf(stderr, "%s[%ld] is %.9g, not %.9g: cell %ld level %ld T %ld B %ld H %ld\n", what,
                   long(i), double(found[i]), expected[i], long(s.cell), long(s.level),
                   long(s.steps), long(s.rows), long(s.width));
      std::exit(1);
    }
}

template <class Real> void sweep(zoo_sweep s, bool padded) {
  const int64_t T = s.steps, B = s.rows, H = s.width;
  const int64_t G = (s.cell == ZOO_LSTM ? 4 : s.cell == ZOO_GRU ? 3 : 1) * H;
  s.real = sizeof(Real);
  std::vector<int64_t> sizes(T);
  for (int64_t t = 0; t < T; t++) sizes[t] = B - t * (B - 1) / T;
  auto gates = random<Real>(T * B * G), inner = random<Real>(T * B * H);
  auto hidden = random<Real>((T + 1) * B * H), memory = random<Real>((T + 1) * B * H);
  auto weight = random<Real>(G * H), bias = random<Real>(H);
  auto d_gates = random<Real>(T * B * (s.cell == ZOO_GRU ? 4 * H : G));
  auto d_hidden = random<Real>((T + 1) * B * H), d_memory = random<Real>(B * H);
  for (Real &each : weight) each /= H;
  s.sizes = padded ? sizes.data() : nullptr;
  s.gates = gates.data(), s.hidden = hidden.data(), s.weight = weight.data();
  if (s.cell == ZOO_GRU) s.inner = inner.data(), s.bias = bias.data();
  if (s.cell == ZOO_LSTM) s.memory = memory.data(), s.d_memory = d_memory.data();
  s.d_gates = d_gates.data(), s.d_hidden = d_hidden.data();
  const int64_t bytes = (zoo_workspace(&s) + 63) / 64 * 64;
  s.workspace = std::aligned_alloc(64, bytes);
  Loop loop{s, wide(weight), wide(bias), wide(gates), wide(inner), wide(hidden), wide(memory),
            wide(d_gates), wide(d_hidden), wide(d_memory)};
  zoo_forth(&s), loop.forth();
  close("hidden", hidden, loop.hidden, s), close("gates", gates, loop.gates, s);
  close("inner", inner, loop.inner, s), close("memory", memory, loop.memory, s);
  // back from the same states: a slope of relu may jump between neighbours
  loop.hidden = wide(hidden), loop.gates = wide(gates);
  loop.inner = wide(inner), loop.memory = wide(memory);
  zoo_back(&s), loop.back();
  std::free(s.workspace);
  const int64_t start = s.reverse ? T * B * H : 0;
  if (s.cut) std::copy_n(d_hidden.begin() + start, B * H, loop.d_hidden.begin() + start);
  close("d_gates", d_gates, loop.d_gates, s), close("d_hidden", d_hidden, loop.d_hidden, s);
  close("d_memory", d_memory, loop.d_memory, s);
  done++;
}

// A text of two layers; the buffers of just their size again.
template <class Real>
void text(int64_t level, int64_t cell, int64_t width, int64_t top_k, int64_t half = 0) {
  const int64_t V = 7, N = 20, H = width;
  const int64_t G = (cell == ZOO_LSTM ? 4 : cell == ZOO_GRU ? 3 : 1) * H;
  auto table = random<Real>(V * G), weight = random<Real>(V * H), out_bias = random<Real>(V);
  std::vector<Real> hidden[2], memory[2], gates[2], inner[2], ih[2], hh[2], bias[2], bias_n[2];
  zoo_layer layers[2] = {};
  for (int i = 0; i < 2; i++) {
    hidden[i] = random<Real>(2 * H), memory[i] = random<Real>(2 * H), gates[i] = random<Real>(G);
    inner[i] = random<Real>(H), ih[i] = random<Real>(G * H), hh[i] = random<Real>(G * H);
    bias[i] = random<Real>(G), bias_n[i] = random<Real>(H);
    for (Real &each : hh[i]) each /= H;
    layers[i].cell = cell, layers[i].width = H;
    layers[i].weight_ih = i ? ih[i].data() : nullptr, layers[i].bias = i ? bias[i].data() : nullptr;
    layers[i].weight_hh = hh[i].data(), layers[i].bias_n = bias_n[i].data();
    layers[i].hidden = hidden[i].data();
    layers[i].memory = cell == ZOO_LSTM ? memory[i].data() : nullptr;
    layers[i].gates = gates[i].data(), layers[i].inner = inner[i].data();
  }
  std::vector<double> uniform(N);
  for (double &each : uniform) each = std::uniform_real_distribution<double>()(generator);
  uniform.back() = std::nextafter(1.0, 0.0);
  std::vector<int64_t> made(N);
  zoo_text t = {};
  t.real = sizeof(Real), t.level = level, t.half = half, t.layers = 2, t.symbols = V;
  t.top_k = top_k, t.temperature = top_k == 1 ? 0 : 0.8, t.layer = layers;
  t.table = table.data(), t.weight = weight.data(), t.bias = out_bias.data();
  const int64_t prompt[] = {V - 1, 0, V / 2, V - 1};
  // in one thread and in several, at once and in two calls, from the same start
  const std::vector<Real> start[] = {hidden[0], hidden[1], memory[0], memory[1]};
  std::vector<int64_t> first;
  for (int64_t threads : {1, 3})
    for (int64_t cut : {N, N / 2 + 1}) {
      for (int i = 0; i < 2; i++) {
        std::copy(start[i].begin(), start[i].end(), hidden[i].begin());
        std::copy(start[2 + i].begin(), start[2 + i].end(), memory[i].begin());
      }
      t.threads = threads, t.packed = 0, t.prompt = prompt, t.fed = 4;
      t.uniform = uniform.data(), t.made = made.data(), t.count = cut;
      t.workspace = std::aligned_alloc(64, zoo_text_workspace(&t));
      if (zoo_generate(&t) != cut) std::exit(1);
      t.prompt = &made[cut - 1], t.fed = 1, t.packed = 1, t.count = N - cut;
      t.uniform += cut, t.made += cut;
      if (zoo_generate(&t) != N - cut) std::exit(1);
      std::free(t.workspace);
      if (first.empty()) first = made;
      if (made != first) {
        std::fprintf(stderr, "text differs: cell %ld level %ld H %ld threads %ld cut %ld\n",
                     long(cell), long(level), long(H), long(threads), long(cut));
        std::exit(1);
      }
    }
  for (int64_t each : made)
    if (each < 0 || each >= V) std::exit(1);
}

}  // namespace

// Shapes: steps, rows, width. The last two are enough for several threads: by rows, by columns.
// Ways: threads, and bit 0 for backwards, bit 1 for padded, bit 2 for the way back cut.
#ifdef ZOO_SLOW  // for an emulated processor
const int64_t WIDTHS[] = {1, 7, 33}, KEPT[] = {0, 3}, WAYS[][2] = {{1, 0}, {3, 7}};
const int64_t SHAPES[][3] = {{1, 1, 1},   {5, 3, 7},   {1, 2, 17}, {2, 2, 33},  {3, 50, 9},
                             {1, 64, 40}, {1, 5, 130}, {4, 1, 65}, {2, 70, 70}, {1, 5, 240}};
#else
const int64_t WIDTHS[] = {1, 7, 33, 400}, KEPT[] = {0, 1, 3, 99};
const int64_t WAYS[][2] = {{1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {1, 7},
                           {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}, {3, 5}, {3, 6}, {3, 7}};
const int64_t SHAPES[][3] = {{1, 1, 1},   {5, 3, 7},   {1, 2, 17},  {9, 2, 33},  {3, 50, 9},
                             {2, 64, 40}, {4, 5, 130}, {20, 1, 65}, {8, 70, 70}, {3, 5, 240}};
#endif

int main() {
  for (int64_t level = 0; level <= zoo_best_level(); level++) {
    for (int64_t cell = ZOO_RNN_TANH; cell <= ZOO_GRU; cell++) {
      for (int64_t width : WIDTHS)
        for (int64_t top_k : KEPT) {
          text<float>(level, cell, width, top_k);
          text<float>(level, cell, width, top_k, 1);
          text<double>(level, cell, width, top_k);
        }
      for (const auto &shape : SHAPES)
        for (const auto [threads, how] : WAYS) {
          zoo_sweep s = {};
          s.cell = cell, s.level = level, s.threads = threads, s.reverse = how & 1;
          s.cut = how >> 2;
          s.steps = shape[0], s.rows = shape[1], s.width = shape[2];
          sweep<float>(s, how & 2);
          sweep<double>(s, how & 2);
          s.half = 1;
          if (zoo_level_halves(level)) sweep<float>(s, how & 2);
        }
    }
    std::printf("%s: %ld sweeps\n", zoo_level_name(level), long(done));
    std::fflush(stdout);
    done = 0;
  }
}
