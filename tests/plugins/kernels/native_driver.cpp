// Runs every recurrence and scan at odd sizes over buffers of exactly their size, so that a sanitizer sees any
// access beyond them, and compares the results with plain loops.
#include <algorithm>
#include <cmath>
#include <complex>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "native_loop.h"
#include "recurrence.h"

namespace {

std::mt19937 generator(0);
int64_t done = 0;

int64_t rounded_width(int64_t width) { return (width + 31) / 32 * 32; }

template <class Real> std::vector<Real> random(int64_t count) {
  std::normal_distribution<Real> normal;
  std::vector<Real> numbers(count);
  for (Real &number : numbers) number = normal(generator);
  numbers.shrink_to_fit();
  return numbers;
}

template <class Real> std::vector<double> doubles(const std::vector<Real> &values) {
  return std::vector<double>(values.begin(), values.end());
}

template <class Real>
void close(const char *what, const std::vector<Real> &actual, const std::vector<double> &expected,
           const zoo_recurrence &s) {
  const double tolerance = s.bf16 ? 3e-2 : sizeof(Real) == 4 ? 1e-5 : 1e-13;
  for (size_t i = 0; i < expected.size(); i++)
    if (!(std::fabs(actual[i] - expected[i]) <= tolerance * (1 + std::fabs(expected[i])))) {
      std::fprintf(stderr, "%s[%ld] is %.9g, not %.9g: cell %ld level %ld T %ld B %ld H %ld\n", what,
                   long(i), double(actual[i]), expected[i], long(s.cell), long(s.level),
                   long(s.steps), long(s.rows), long(s.hidden_size));
      std::exit(1);
    }
}

// The first numbers of each row of what a recurrence left in bfloat16; the others have to be zeros.
template <class Real>
std::vector<Real> widened(const std::vector<uint16_t> &rounded, int64_t rows, int64_t width) {
  std::vector<Real> numbers;
  for (int64_t i = 0; i < rows * rounded_width(width); i++) {
    const uint32_t bits = uint32_t(rounded[i]) << 16;
    float number;
    std::memcpy(&number, &bits, sizeof number);
    if (i % rounded_width(width) < width) numbers.push_back(number);
    else if (bits) std::fprintf(stderr, "the padding of a rounded row is no zero\n"), std::exit(1);
  }
  return numbers;
}

// With tokens, the gates start as the rows of a table, and their gradients are added up in another. With
// `kept`, what is multiplied is kept in bfloat16; with tokens too, the gate gradients only so.
template <class Real>
void check_recurrence(zoo_recurrence s, bool padded, bool from_tokens, bool kept = false) {
  const int64_t T = s.steps, B = s.rows, H = s.hidden_size;
  const int64_t G = (s.cell == ZOO_LSTM ? 4 : s.cell == ZOO_GRU ? 3 : 1) * H;
  s.element_size = sizeof(Real);
  std::vector<int64_t> batch_sizes(T);
  for (int64_t t = 0; t < T; t++) batch_sizes[t] = B - t * (B - 1) / T;
  auto gates = random<Real>(T * B * G), recurrent_n = random<Real>(T * B * H);
  auto hidden = random<Real>((T + 1) * B * H), cell_state = random<Real>((T + 1) * B * H);
  auto weight = random<Real>(G * H), bias = random<Real>(H);
  auto d_gates = random<Real>(T * B * (s.cell == ZOO_GRU ? 4 * H : G));
  auto d_hidden = random<Real>(B * H), d_cell_state = random<Real>(B * H);
  // side by side in the order of time, of the rows with a gap, or none
  const int64_t layout = done % 3, gap = layout == 1 ? 3 : 0;
  const int64_t d_row = layout == 1 ? T * (H + gap) : H, d_step = layout == 1 ? H + gap : B * H;
  auto d_outputs = random<Real>(T * B * (H + gap));
  std::vector<double> d_outputs_in_time(T * B * H);
  for (int64_t i = 0; i < T * B * H && layout < 2; i++)
    d_outputs_in_time[i] = d_outputs[i / H % B * d_row + i / (B * H) * d_step + i % H];
  for (Real &number : weight) number /= H;
  s.batch_sizes = padded ? batch_sizes.data() : nullptr;
  s.gates = gates.data(), s.hidden = hidden.data(), s.weight = weight.data();
  if (s.cell == ZOO_GRU) s.recurrent_n = recurrent_n.data(), s.bias = bias.data();
  if (s.cell == ZOO_LSTM) s.cell_state = cell_state.data(), s.d_cell_state = d_cell_state.data();
  s.d_gates = d_gates.data(), s.d_hidden = d_hidden.data();
  if (layout < 2) s.d_outputs = {d_outputs.data(), d_row, d_step};
  const int64_t V = 5, D = s.cell == ZOO_GRU ? 4 * H : G;
  auto table = random<Real>(V * G), d_table = random<Real>(V * D);
  std::vector<int64_t> tokens(T * B);
  if (from_tokens) {
    for (int64_t i = 0; i < T * B; i++) {
      tokens[i] = i * 7 % V;
      std::copy_n(table.begin() + tokens[i] * G, G, gates.begin() + i * G);
    }
    s.tokens = tokens.data(), s.symbols = V, s.table = table.data(), s.d_table = d_table.data();
  }
  const bool only_rounded = kept && from_tokens;
  const int64_t copied = s.cell == ZOO_GRU && !only_rounded ? 4 * H : G;
  std::vector<uint16_t> rounded_hidden((T * B + 16) * rounded_width(H));
  std::vector<uint16_t> rounded_d_gates((T * B + 16) * rounded_width(copied));
  if (kept) s.rounded = rounded_hidden.data();
  if (only_rounded) s.d_gates = nullptr;
  const int64_t bytes = (zoo_workspace(&s) + 63) / 64 * 64;
  s.workspace = std::aligned_alloc(64, bytes);
  PlainLoop loop{s,
                 doubles(weight),
                 doubles(bias),
                 doubles(gates),
                 doubles(recurrent_n),
                 doubles(hidden),
                 doubles(cell_state),
                 doubles(d_gates),
                 d_outputs_in_time,
                 doubles(d_hidden),
                 doubles(d_cell_state)};
  if (from_tokens && s.cell != ZOO_LSTM && s.cell != ZOO_GRU) s.gates = nullptr;
  else if (from_tokens) // nothing of the gates is read; what is not written stays
    for (int64_t i = 0; i < T * B; i++)
      if (!padded || i % B < batch_sizes[i / B]) std::fill_n(gates.begin() + i * G, G, Real(NAN));
  zoo_forward(&s), loop.forward();
  close("hidden", hidden, loop.hidden, s), close("gates", gates, loop.gates, s);
  close("recurrent_n", recurrent_n, loop.recurrent_n, s);
  close("cell_state", cell_state, loop.cell_state, s);
  // backward from the same states: relu's derivative may jump between neighbouring numbers
  loop.hidden = doubles(hidden), loop.gates = doubles(gates);
  loop.recurrent_n = doubles(recurrent_n), loop.cell_state = doubles(cell_state);
  if (kept) s.rounded = rounded_d_gates.data();
  zoo_backward(&s), loop.backward();
  std::free(s.workspace);
  if (!only_rounded) close("d_gates", d_gates, loop.d_gates, s);
  if (s.needs_initial_grad) close("d_hidden", d_hidden, loop.d_hidden, s);
  if (kept) {
    const auto before = widened<Real>(rounded_hidden, T * B, H);
    const auto grads = widened<Real>(rounded_d_gates, T * B, copied);
    std::vector<Real> actual_hidden, actual_grads;
    std::vector<double> expected_hidden, expected_grads;
    for (int64_t i = 0; i < T * B; i++) {
      if (padded && i % B >= batch_sizes[i / B]) continue;
      for (int64_t h = 0; h < H; h++) {
        actual_hidden.push_back(before[i * H + h]);
        expected_hidden.push_back(loop.hidden[(s.reverse ? i + B : i) * H + h]);
      }
      for (int64_t g = 0; g < copied; g++) {
        actual_grads.push_back(grads[i * copied + g]);
        expected_grads.push_back(loop.d_gates[i * D + g]);
      }
    }
    close("rounded hidden", actual_hidden, expected_hidden, s);
    close("rounded d_gates", actual_grads, expected_grads, s);
  }
  close("d_cell_state", d_cell_state, loop.d_cell_state, s);
  if (from_tokens) {
    std::vector<double> sums(V * D);
    for (int64_t i = 0; i < T * B; i++)
      for (int64_t c = 0; c < D; c++)
        if (!padded || i % B < batch_sizes[i / B]) sums[tokens[i] * D + c] += loop.d_gates[i * D + c];
    close("d_table", d_table, sums, s);
  }
  done++;
}

// A scan and its derivative against plain loops in double. Every number is complex here; the scan of
// real numbers reads and writes the real parts.
template <class Real, bool COMPLEX>
void check_scan(int64_t level, int64_t T, int64_t B, int64_t N, int64_t threads, int64_t variant) {
  typedef std::complex<double> Number;
  constexpr int64_t PARTS = COMPLEX ? 2 : 1;
  const bool reverse = variant & 1, marked = variant & 2, constant = variant & 4;
  const int64_t gap = marked ? 3 : 0;  // numbers between two steps of what is read
  const int64_t step = N + gap, row = T * step;
  auto decay = random<Real>((constant ? N : B * row) * PARTS), added = random<Real>(B * row * PARTS);
  auto initial = random<Real>(B * N * PARTS), grad = random<Real>(B * row * PARTS);
  for (Real &number : decay) number = Real(0.6) * std::sin(number);  // no state grows
  auto states = random<Real>(B * T * N * PARTS), d_added = random<Real>(B * T * N * PARTS);
  auto d_initial = random<Real>(B * N * PARTS);
  auto d_decay = random<Real>((constant ? B : B * T) * N * PARTS);
  std::vector<int64_t> lengths(B);
  std::vector<uint8_t> starts(B * T);
  for (int64_t r = 0; r < B; r++) lengths[r] = r % T + 1;
  for (int64_t i = 0; i < B * T; i++) starts[i] = i % 3 == 1;
  zoo_linear_scan s = {};
  s.element_size = sizeof(Real), s.level = level, s.threads = threads, s.reverse = reverse;
  s.is_complex = COMPLEX, s.steps = T, s.rows = B, s.width = N;
  if (marked) s.lengths = lengths.data(), s.starts = starts.data();
  s.decay = {decay.data(), constant ? 0 : row, constant ? 0 : step};
  s.added = {added.data(), row, step}, s.grad = {grad.data(), row, step};
  s.initial = initial.data(), s.states = states.data(), s.d_added = d_added.data();
  s.d_initial = d_initial.data(), (constant ? s.d_decay_sum : s.d_decay) = d_decay.data();
  zoo_linear_scan_forward(&s), zoo_linear_scan_backward(&s);

  const auto number = [&](const std::vector<Real> &x, int64_t i) {
    return COMPLEX ? Number(x[2 * i], x[2 * i + 1]) : Number(x[i], 0);
  };
  std::vector<double> expected[4];
  const std::vector<Real> *actual[] = {&states, &d_added, &d_initial, &d_decay};
  for (int i = 0; i < 4; i++) expected[i].assign(actual[i]->size(), 0);
  const auto set = [&](std::vector<double> &x, int64_t i, Number value) {
    x[i * PARTS] += value.real();
    if (COMPLEX) x[i * PARTS + 1] += value.imag();
  };
  for (int64_t r = 0; r < B; r++)
    for (int64_t n = 0; n < N; n++) {
      std::vector<Number> before(T);
      Number h = number(initial, r * N + n), d = 0;
      const auto at = [&](int64_t i) { return reverse ? T - 1 - i : i; };
      const auto a = [&](int64_t t) { return number(decay, constant ? n : r * row + t * step + n); };
      for (int64_t i = 0; i < T; i++) {
        const int64_t t = at(i);
        before[i] = h;
        if (!marked || t < lengths[r])
          h = (marked && starts[r * T + t] ? 0 : a(t) * h) + number(added, r * row + t * step + n);
        set(expected[0], (r * T + t) * N + n, h);
      }
      for (int64_t i = T - 1; i >= 0; i--) {
        const int64_t t = at(i);
        d += number(grad, r * row + t * step + n);
        if (marked && t >= lengths[r]) continue;
        set(expected[1], (r * T + t) * N + n, d);
        const bool start = marked && starts[r * T + t];
        if (!start)
          set(expected[3], (constant ? r : r * T + t) * N + n, d * std::conj(before[i]));
        d = start ? 0 : d * std::conj(a(t));
      }
      set(expected[2], r * N + n, d);
    }
  const double tolerance = sizeof(Real) == 4 ? 1e-4 : 1e-12;
  for (int i = 0; i < 4; i++)
    for (size_t j = 0; j < expected[i].size(); j++)
      if (!(std::fabs((*actual[i])[j] - expected[i][j]) <= tolerance * (1 + std::fabs(expected[i][j])))) {
        std::fprintf(stderr,
                     "scan: result %d [%ld] is %.9g, not %.9g: level %ld T %ld B %ld N %ld variant %ld\n", i,
                     long(j), double((*actual[i])[j]), expected[i][j], long(level), long(T), long(B),
                     long(N), long(variant));
        std::exit(1);
      }
  done++;
}

// The cross entropy of odd sizes, in buffers of exactly their size, against the loop that defines it.
template <class Real>
void check_class_loss(int64_t level, int64_t N, int64_t C, int64_t threads, double smoothing,
                      bool weighted, bool bf16) {
  auto logits = random<Real>(N * C), weights = random<Real>(C), grad = random<Real>(N * C);
  std::vector<uint16_t> halves(N * C), half_grad(N * C);
  for (Real &weight : weights) weight = std::fabs(weight) + Real(0.1);
  std::vector<int64_t> targets(N);
  for (int64_t i = 0; i < N; i++) targets[i] = i % 5 == 4 ? -100 : i * 7 % C;
  if (bf16)
    for (int64_t i = 0; i < N * C; i++) {
      const float number = logits[i];
      uint32_t bits;
      std::memcpy(&bits, &number, 4), bits &= 0xffff0000, halves[i] = bits >> 16;
      float rounded;
      std::memcpy(&rounded, &bits, 4), logits[i] = rounded;
    }
  zoo_class_loss s = {};
  s.element_size = bf16 ? 2 : sizeof(Real), s.level = level, s.threads = threads;
  s.rows = N, s.classes = C, s.ignored = -100, s.smoothing = smoothing;
  s.logits = bf16 ? static_cast<void *>(halves.data()) : logits.data(), s.targets = targets.data();
  s.weights = weighted ? weights.data() : nullptr;
  s.grad = bf16 ? static_cast<void *>(half_grad.data()) : grad.data();
  s.workspace = std::malloc(zoo_class_loss_workspace(&s));
  if (!zoo_class_loss_run(&s)) std::exit(1);
  std::free(s.workspace);
  double weight = 0, all = 0, loss = 0;
  int64_t correct = 0;
  std::vector<double> expected(N * C);
  for (int64_t c = 0; c < C; c++) all += weighted ? weights[c] : 1;
  for (int64_t i = 0; i < N; i++)
    if (targets[i] >= 0) weight += weighted ? weights[targets[i]] : 1;
  for (int64_t i = 0; i < N; i++) {
    if (targets[i] < 0) continue;
    const Real *x = &logits[i * C];
    const int64_t y = targets[i];
    double total = 0;
    for (int64_t c = 0; c < C; c++) total += std::exp(double(x[c]));
    for (int64_t c = 0; c < C; c++) {
      const double w = weighted ? weights[c] : 1, p = std::exp(double(x[c])) / total;
      const double target = (1 - smoothing) * (weighted ? weights[y] : 1);
      loss -= ((c == y ? target : 0) + smoothing / C * w) * std::log(p);
      expected[i * C + c] =
          (target * (p - (c == y)) + smoothing / C * (p * all - w)) / weight;
    }
    correct += std::max_element(x, x + C) - x == y;
  }
  const double tolerance = bf16 ? 1e-2 : sizeof(Real) == 4 ? 1e-5 : 1e-12;
  bool same = std::fabs(s.loss - loss / weight) <= tolerance * (1 + std::fabs(s.loss));
  same = same && s.correct == correct;
  for (int64_t i = 0; i < N * C; i++) {
    const uint32_t bits = uint32_t(half_grad[i]) << 16;
    float half;
    std::memcpy(&half, &bits, 4);
    same = same && std::fabs((bf16 ? half : double(grad[i])) - expected[i]) <= tolerance;
  }
  if (!same) {
    std::fprintf(stderr, "class loss differs: level %ld N %ld C %ld smoothing %g weights %d bf16 %d\n",
                 long(level), long(N), long(C), smoothing, weighted, bf16);
    std::exit(1);
  }
  done++;
}

// A whole step of a small model, in buffers of exactly their size. Returns the weights after it.
template <class Real>
std::vector<double> small_step(zoo_small_step s, const std::vector<double> &numbers, bool bf16 = false) {
  const int64_t H = s.hidden_size, E = s.embedding_size, V = s.symbols, C = s.classes;
  const int64_t N = s.rows * s.steps, S = s.rows * H;
  const int64_t G = (s.cell == ZOO_LSTM ? 4 : s.cell == ZOO_GRU ? 3 : 1) * H;
  const int64_t sizes[] = {G * (E ? E : V), G * H, G, G, C * H, C, V * E};
  size_t used = 0;
  const auto next = [&](int64_t count) {
    std::vector<Real> part(count);
    for (Real &number : part) number = Real(0.5 * numbers[used++ % numbers.size()]);
    return part;
  };
  std::vector<int64_t> tokens(N), targets(N);
  for (int64_t n = 0; n < N; n++) tokens[n] = n * 5 % V, targets[n] = n % 4 == 3 ? -100 : n * 3 % C;
  std::vector<Real> weights[ZOO_PARAMETERS], first[ZOO_PARAMETERS], second[ZOO_PARAMETERS];
  float steps[ZOO_PARAMETERS];
  for (int i = 0; i < ZOO_PARAMETERS; i++) {
    if (!sizes[i]) continue;
    weights[i] = next(sizes[i]), first[i] = next(sizes[i]), second[i] = next(sizes[i]);
    for (Real &number : second[i]) number = number * number + Real(0.1);
    steps[i] = 3;
    s.parameters[i] = {weights[i].data(), first[i].data(), second[i].data(), &steps[i]};
  }
  auto hidden = next(S), cell_state = next(S), after = next(S), cell_after = next(S);
  auto logits = next(N * C), class_weights = next(C);
  std::vector<uint16_t> halves(N * C);
  for (Real &weight : class_weights) weight = std::fabs(weight) + Real(0.1);
  s.element_size = sizeof(Real), s.ignored = -100;
  s.tokens = tokens.data(), s.targets = targets.data(), s.class_weights = class_weights.data();
  s.hidden = hidden.data(), s.next_hidden = after.data(), s.bf16 = bf16;
  s.logits = bf16 ? static_cast<void *>(halves.data()) : logits.data();
  if (s.cell == ZOO_LSTM) s.cell_state = cell_state.data(), s.next_cell_state = cell_after.data();
  s.learning_rate = 0.01, s.weight_decay = 0.1, s.momentum = 0.9, s.beta_1 = 0.9, s.beta_2 = 0.999;
  s.epsilon = 1e-8, s.smoothing = 0.1, s.clip_norm = 0.5;
  s.workspace = std::aligned_alloc(64, zoo_small_step_workspace(&s));
  if (!zoo_small_step_run(&s)) std::exit(1);
  std::free(s.workspace);
  std::vector<double> result = {s.loss, s.norm};
  for (const auto &part : weights) result.insert(result.end(), part.begin(), part.end());
  result.insert(result.end(), after.begin(), after.end());
  return result;
}

void check_small_step(int64_t level, int64_t cell, const int64_t *shape, int64_t optimizer) {
  zoo_small_step s = {};
  s.level = level, s.cell = cell, s.optimizer = optimizer;
  s.rows = shape[0], s.steps = shape[1], s.symbols = shape[2], s.embedding_size = shape[3];
  s.hidden_size = shape[4], s.classes = shape[5];
  auto numbers = random<double>(997);
  for (bool bf16 : {false, true}) {
    // of small weights, the steps do not enlarge what the first ones round
    for (double &number : numbers) number *= bf16 ? 0.25 : 1;
    const auto expected = small_step<double>(s, numbers);
    const auto actual = small_step<float>(s, numbers, bf16);
    const double tolerance = bf16 ? 5e-2 : 1e-3;
    for (size_t i = 0; i < expected.size(); i++)
      if (!(std::fabs(actual[i] - expected[i]) <= tolerance * (1 + std::fabs(expected[i])))) {
        std::fprintf(stderr, "small step: number %ld is %.9g, not %.9g: level %ld cell %ld H %ld bf16 %d\n",
                     long(i), actual[i], expected[i], long(level), long(cell), long(s.hidden_size), bf16);
        std::exit(1);
      }
  }
  done++;
}

// A text model of two layers in buffers of exactly their size, for some rows.
template <class Real> struct TextModel {
  int64_t level, cell, H, storage, V = 7, G = (cell == ZOO_LSTM ? 4 : cell == ZOO_GRU ? 3 : 1) * H;
  std::vector<Real> table = random<Real>(V * G), weight = random<Real>(V * H), out_bias = random<Real>(V);
  std::vector<Real> ih = random<Real>(G * H), hh[2], bias[2], bias_n[2], start[2], start_cell[2];
  std::vector<int8_t> weight8, ih8, hh8[2];
  std::vector<float> scales;
  int64_t rows;

  TextModel(int64_t level, int64_t cell, int64_t H, int64_t storage, int64_t rows)
      : level(level), cell(cell), H(H), storage(storage), rows(rows) {
    for (int i = 0; i < 2; i++) {
      hh[i] = random<Real>(G * H), bias[i] = random<Real>(G), bias_n[i] = random<Real>(H);
      start[i] = random<Real>(rows * H), start_cell[i] = random<Real>(rows * H);
      for (Real &number : hh[i]) number /= H;
      hh8[i] = integers(G * H);
    }
    weight8 = integers(V * H), ih8 = integers(G * H), scales.assign(std::max(G, V), 0.02f / 127);
    scales.shrink_to_fit();
  }

  static std::vector<int8_t> integers(int64_t count) {
    std::vector<int8_t> numbers(count);
    for (int8_t &number : numbers) number = int8_t(std::uniform_int_distribution<int>(-127, 127)(generator));
    return numbers;
  }

  // Generates the texts of some rows, in as many calls as there are parts of them.
  std::vector<std::vector<int64_t>> generate(const std::vector<int64_t> &chosen, int64_t threads, int64_t calls,
                                             int64_t top_k) {
    const int64_t R = chosen.size();
    std::vector<Real> hidden[2], cell_state[2];
    zoo_layer layers[2] = {};
    for (int i = 0; i < 2; i++) {
      hidden[i].resize(2 * R * H), cell_state[i].resize(2 * R * H);
      for (int64_t r = 0; r < R; r++) {
        std::copy_n(&start[i][chosen[r] * H], H, &hidden[i][2 * r * H]);
        std::copy_n(&start_cell[i][chosen[r] * H], H, &cell_state[i][2 * r * H]);
      }
      zoo_layer &layer = layers[i];
      layer.cell = cell, layer.hidden_size = H, layer.bias_n = bias_n[i].data();
      layer.weight_hh = storage == ZOO_INT8 ? static_cast<void *>(hh8[i].data()) : hh[i].data();
      if (i) layer.weight_ih = storage == ZOO_INT8 ? static_cast<void *>(ih8.data()) : ih.data();
      layer.scales_hh = scales.data(), layer.scales_ih = scales.data();
      if (i) layer.bias = bias[i].data();
      layer.hidden = hidden[i].data(), layer.cell_state = cell == ZOO_LSTM ? cell_state[i].data() : nullptr;
    }
    std::vector<std::vector<int64_t>> prompts(R), texts(R);
    std::vector<std::vector<double>> uniform(R);
    std::vector<zoo_text_row> row(R);
    zoo_text t = {};
    t.element_size = sizeof(Real), t.level = level, t.threads = threads, t.storage = storage;
    t.layers = 2, t.symbols = V, t.rows = t.capacity = R, t.layer = layers, t.row = row.data();
    t.table = table.data(), t.scales = scales.data(), t.bias = out_bias.data();
    t.weight = storage == ZOO_INT8 ? static_cast<void *>(weight8.data()) : weight.data();
    t.packed = std::aligned_alloc(64, zoo_texts_packed(&t));
    zoo_texts_pack(&t);
    t.workspace = std::aligned_alloc(64, zoo_texts_workspace(&t));
    for (int64_t call = 0; call < calls; call++) {
      for (int64_t r = 0; r < R; r++) {
        const int64_t number = chosen[r], length = 12 + number % 5;
        std::mt19937 draws(number * 1000);
        uniform[r].resize(length);
        for (double &each : uniform[r]) each = std::uniform_real_distribution<double>()(draws);
        uniform[r].back() = std::nextafter(1.0, 0.0);
        if (call == 0) {
          for (int64_t k = 0; k <= number % 4; k++) prompts[r].push_back((number + 3 * k) % V);
          texts[r].resize(length);
        } else {
          prompts[r] = {texts[r][length * call / calls - 1]};
        }
        prompts[r].shrink_to_fit(), texts[r].shrink_to_fit();
        const int64_t from = length * call / calls;
        row[r] = {prompts[r].data(), int64_t(prompts[r].size()), &uniform[r][from], &texts[r][from],
                  length * (call + 1) / calls - from, 0, top_k, top_k == 1 ? 0 : 0.8};
      }
      zoo_texts_generate(&t);
      for (const zoo_text_row &each : row)
        if (each.made != each.count) std::exit(1);
    }
    std::free(t.workspace), std::free(t.packed);
    return texts;
  }
};

// Each of several texts is what it is alone: in one thread and in several, in one call and in three.
template <class Real>
void check_text(int64_t level, int64_t cell, int64_t H, int64_t top_k, int64_t storage = ZOO_PLAIN) {
  const int64_t rows = 19;  // more than are multiplied with a block at once
  TextModel<Real> model(level, cell, H, storage, rows);
  std::vector<int64_t> all;
  for (int64_t r = 0; r < rows; r++) all.push_back(r);
  const auto together = model.generate(all, 1, 1, top_k);
  for (const auto &text : together)
    for (int64_t symbol : text)
      if (symbol < 0 || symbol >= model.V) std::exit(1);
  const auto expect = [&](const std::vector<int64_t> &chosen, int64_t threads, int64_t calls) {
    const auto texts = model.generate(chosen, threads, calls, top_k);
    for (size_t i = 0; i < chosen.size(); i++)
      if (texts[i] != together[chosen[i]]) {
        std::fprintf(stderr, "text %ld of %ld differs: cell %ld level %ld H %ld storage %ld threads %ld calls %ld\n",
                     long(chosen[i]), long(chosen.size()), long(cell), long(level), long(H), long(storage),
                     long(threads), long(calls));
        std::exit(1);
      }
  };
  expect(all, 3, 3), expect({0, 5, 18}, 3, 1);
  for (int64_t r : {0, 3, 18}) expect({r}, r == 3 ? 3 : 1, r == 3 ? 3 : 1);
}

}  // namespace

// Scans: steps, rows, width. The last two are enough work for several threads: by rows, by columns.
//
// Shapes: steps, rows, hidden size. The last two are enough work for several threads: by rows, by
// columns. Variants: threads, and bit 0 for reverse, bit 1 for padding, bit 2 for no gradient of the
// initial state, bit 3 for tokens.
//
// Whole steps: rows, steps, symbols, embedding (0: one-hot), hidden size, classes.
const int64_t STEPS[][6] = {{1, 1, 1, 0, 1, 1}, {1, 5, 4, 0, 8, 4}, {3, 2, 9, 0, 7, 5},
                            {2, 9, 5, 10, 4, 5}, {2, 2, 11, 3, 17, 2}};

// Logits: rows, classes. The last one is enough work for several threads.
const int64_t LOGITS[][2] = {{1, 1}, {6, 7}, {3, 8}, {70, 17}, {130, 900}};

#ifdef ZOO_SLOW  // for an emulated processor
const int64_t SCANS[][3] = {{1, 1, 1}, {5, 3, 7}, {2, 2, 33}};
const int64_t HIDDEN_SIZES[] = {1, 7, 33}, TOP_K[] = {0, 3}, VARIANTS[][2] = {{1, 0}, {3, 7}, {3, 8}};
const int64_t SHAPES[][3] = {{1, 1, 1},   {5, 3, 7},   {1, 2, 17}, {2, 2, 33},  {3, 50, 9},
                             {1, 64, 40}, {1, 5, 130}, {4, 1, 65}, {2, 70, 70}, {1, 5, 240}};
#else
const int64_t SCANS[][3] = {{1, 1, 1},   {5, 3, 7},    {1, 2, 17},    {9, 2, 33},
                            {2, 1, 130}, {50, 40, 33}, {70, 1, 1030}};
const int64_t HIDDEN_SIZES[] = {1, 7, 33, 400}, TOP_K[] = {0, 1, 3, 99};
const int64_t VARIANTS[][2] = {{1, 0}, {1, 1}, {1, 2}, {1, 3}, {1, 4}, {1, 5}, {1, 6}, {1, 7},
                           {3, 0}, {3, 1}, {3, 2}, {3, 3}, {3, 4}, {3, 5}, {3, 6}, {3, 7},
                           {1, 8}, {1, 11}, {3, 8}, {3, 11}, {3, 14}};
const int64_t SHAPES[][3] = {{1, 1, 1},   {5, 3, 7},   {1, 2, 17},  {9, 2, 33},  {3, 50, 9},
                             {2, 64, 40}, {4, 5, 130}, {20, 1, 65}, {8, 70, 70}, {3, 5, 240}};
#endif

int main() {
  for (int64_t level = 0; level <= zoo_best_level(); level++) {
    for (const auto &shape : SCANS)
      for (int64_t variant = 0; variant < 8; variant++)
        for (int64_t threads : {1, 3}) {
          check_scan<float, false>(level, shape[0], shape[1], shape[2], threads, variant);
          check_scan<float, true>(level, shape[0], shape[1], shape[2], threads, variant);
          check_scan<double, false>(level, shape[0], shape[1], shape[2], threads, variant);
          check_scan<double, true>(level, shape[0], shape[1], shape[2], threads, variant);
        }
    for (const auto &shape : LOGITS)
      for (double smoothing : {0.0, 0.1})
        for (bool weighted : {false, true}) {
          check_class_loss<float>(level, shape[0], shape[1], 3, smoothing, weighted, false);
          check_class_loss<float>(level, shape[0], shape[1], 3, smoothing, weighted, true);
          check_class_loss<double>(level, shape[0], shape[1], 1, smoothing, weighted, false);
        }
    for (int64_t cell = ZOO_RNN_TANH; cell <= ZOO_GRU; cell++) {
      for (const auto &shape : STEPS)
        for (int64_t optimizer = ZOO_SGD; optimizer <= ZOO_ADAMW; optimizer++)
          check_small_step(level, cell, shape, optimizer);
      for (int64_t hidden_size : HIDDEN_SIZES)
        for (int64_t top_k : TOP_K) {
          check_text<float>(level, cell, hidden_size, top_k);
          check_text<float>(level, cell, hidden_size, top_k, ZOO_BF16);
          check_text<float>(level, cell, hidden_size, top_k, ZOO_INT8);
          check_text<double>(level, cell, hidden_size, top_k);
        }
      for (const auto &shape : SHAPES)
        for (const auto [threads, variant] : VARIANTS) {
          zoo_recurrence s = {};
          s.cell = cell, s.level = level, s.threads = threads, s.reverse = variant & 1;
          s.needs_initial_grad = !(variant & 4);
          s.steps = shape[0], s.rows = shape[1], s.hidden_size = shape[2];
          check_recurrence<float>(s, variant & 2, variant & 8);
          check_recurrence<double>(s, variant & 2, variant & 8);
          s.bf16 = 1;
          if (!zoo_level_has_bf16(level)) continue;
          for (bool kept : {false, true})
            check_recurrence<float>(s, variant & 2, variant & 8, kept);
        }
    }
    std::printf("%s: %ld recurrences\n", zoo_level_name(level), long(done));
    std::fflush(stdout);
    done = 0;
  }
}
