// A whole training step of a small model in one call: forward, loss, backward, clipping, optimizer.
//
// The model is an embedding of tokens or one-hot tokens, one layer of a cell, and a linear layer. At
// these sizes a call of an operation takes longer than its work, and one thread is the fastest.
//
// The projection of the inputs by the first layer is made once for each row of a table: for each
// symbol, or for each token if there are fewer tokens than symbols.
//
// With products in bfloat16, what torch's operations and TimeLoop round under autocast is rounded
// here too: the factors of products, and the products that are stored in bfloat16. The numbers stay
// in float, since at these sizes instructions for bfloat16 gain nothing. So every level rounds alike.
#ifndef ZOO_SMALL_STEP_H
#define ZOO_SMALL_STEP_H

#include "class_loss.h"
#include "time_loop.h"

namespace {

// to (count) = from (count), rounded to bfloat16.
ZOO_INLINE void round_numbers(int64_t count, const float *from, float *to) {
  for (int64_t c = 0; c < count; c += lanes<float>) {
    const BitsVector bits = round_to_bf16(load(from + c, count - c)) & 0xffff0000u;
    Simd<float>::V v;
    memcpy(&v, &bits, sizeof v);
    store(to + c, v, count - c);
  }
}

// Products of numbers in float that are rounded to bfloat16. The interface is that of FullPrecision,
// in product.h.
struct RoundedFactors : FullPrecision<float> {
  static constexpr bool COPIES_ROWS = true, HAS_SUMS_IN_REGISTERS = false;

  static void copy(int64_t n, const float *from, float *to) { round_numbers(n, from, to); }

  template <int NV>
  static void pack(int64_t K, int64_t width, int64_t column, const float *from, int64_t row,
                   float *to) {
    constexpr int64_t N = NV * lanes<float>;
    FullPrecision<float>::pack<NV>(K, width, column, from, row, to);
    round_numbers(K * N, to + row * N, to + row * N);
  }

  template <int NV>
  static void pack_transposed(int64_t K, const int64_t *first, const int64_t *last,
                              const float *from, float *to) {
    FullPrecision<float>::pack_transposed<NV>(K, first, last, from, to);
    round_numbers(K * NV * lanes<float>, to, to);
  }
};

// How a step multiplies: in full precision, or in bfloat16.
template <class Real_> struct PlainStep {
  typedef Real_ Real, Logit;
  typedef FullPrecision<Real> Products;
  static constexpr bool ROUNDS = false;

  static Real rounded(Real x) { return x; }
  static Logit logit(Real x) { return x; }
  static void round(int64_t, const Real *, Real *) {}
};

struct Bf16Step {
  typedef float Real;
  typedef uint16_t Logit;
  typedef RoundedFactors Products;
  static constexpr bool ROUNDS = true;

  static float rounded(float x) { return from_bf16(to_bf16(x)); }
  static uint16_t logit(float x) { return to_bf16(x); }
  static void round(int64_t count, const float *from, float *to) { round_numbers(count, from, to); }
};

template <class Precision> struct SmallStep {
  typedef typename Precision::Real Real;
  typedef typename Precision::Logit Logit;
  typedef typename Precision::Products Products;
  typedef typename Simd<Real>::V V;
  static constexpr int64_t L = lanes<Real>;

  zoo_small_step &s;
  const int64_t T = s.steps, B = s.rows, N = T * B, H = s.hidden_size, E = s.embedding_size;
  const int64_t V_ = s.symbols, C = s.classes;
  const bool is_lstm = s.cell == ZOO_LSTM, is_gru = s.cell == ZOO_GRU;
  const int64_t G = (is_lstm ? 4 : is_gru ? 3 : 1) * H;
  const int64_t D = is_gru ? 4 * H : G;  // width of d_gates
  const int64_t M = V_ < N ? V_ : N;     // rows of the table
  // The table of all symbols is made in full precision, as everywhere; so are rows of one-hot tokens.
  const bool rounds_inputs = Precision::ROUNDS && E && M < V_;
  const int64_t sizes[ZOO_PARAMETERS] = {G * (E ? E : V_), G * H, G, G, C * H, C, V_ * E};

  int64_t bytes = 0;
  Real *gates, *recurrent_n, *hidden, *cell_state, *d_gates, *d_outputs, *d_hidden, *d_cell_state;
  Real *d_logits;
  Real *bias, *table, *d_table, *embedded, *d_embedded, *gradients[ZOO_PARAMETERS];
  Logit *logits, *d_stored_logits;
  // Factors of products: rounded copies, or the numbers themselves.
  Real *before, *after, *d_sums, *d_inputs, *weight_ih, *weight_out;
  int64_t *tokens, *targets, *table_rows;
  zoo_recurrence layer = {};
  zoo_class_loss loss = {};

  explicit SmallStep(zoo_small_step &step) : s(step) {
    gates = allocate<Real>(N * G);
    recurrent_n = allocate<Real>(is_gru ? N * H : 0);
    hidden = allocate<Real>((N + B) * H);
    cell_state = allocate<Real>(is_lstm ? (N + B) * H : 0);
    d_gates = allocate<Real>(N * D);
    d_outputs = allocate<Real>(N * H);
    d_hidden = allocate<Real>(B * H);
    d_cell_state = allocate<Real>(is_lstm ? B * H : 0);
    d_logits = allocate<Real>(N * C);
    bias = allocate<Real>(G);
    table = allocate<Real>(M * G);
    d_table = allocate<Real>(M * G);
    embedded = allocate<Real>(M * E);
    d_embedded = allocate<Real>(M * E);
    for (int i = 0; i < ZOO_PARAMETERS; i++)
      gradients[i] = allocate<Real>(s.parameters[i].weights ? sizes[i] : 0);
    before = factors(N * H, hidden), after = factors(N * H, hidden + B * H);
    d_sums = factors(N * D, d_gates), weight_out = factors(C * H, weights(ZOO_OUTPUT_WEIGHT));
    weight_ih = weights(ZOO_WEIGHT_IH), d_inputs = d_table;
    if (rounds_inputs) weight_ih = factors(G * E, weight_ih), d_inputs = factors(M * G, d_inputs);
    logits = static_cast<Logit *>(s.logits);
    d_stored_logits = allocate<Logit>(Precision::ROUNDS ? N * C : 0);
    tokens = allocate<int64_t>(N), targets = allocate<int64_t>(N), table_rows = allocate<int64_t>(N);

    layer.cell = s.cell, layer.element_size = sizeof(Real), layer.level = s.level;
    layer.threads = 1, layer.steps = T, layer.rows = B, layer.hidden_size = H;
    layer.gates = gates, layer.hidden = hidden, layer.weight = weights(ZOO_WEIGHT_HH);
    layer.d_gates = d_gates, layer.d_outputs = {d_outputs, H, B * H}, layer.d_hidden = d_hidden;
    if (is_gru) layer.recurrent_n = recurrent_n;
    if (is_gru && weights(ZOO_BIAS_HH)) layer.bias = weights(ZOO_BIAS_HH) + 2 * H;
    if (is_lstm) layer.cell_state = cell_state, layer.d_cell_state = d_cell_state;
    if (Precision::ROUNDS) layer.rounded = before;
    layer.workspace = allocate<char>(::run<Real, Products>(ZOO_WORKSPACE, layer));

    loss.element_size = sizeof(Logit), loss.level = s.level, loss.threads = 1;
    loss.rows = N, loss.classes = C, loss.ignored = s.ignored, loss.smoothing = s.smoothing;
    loss.logits = s.logits, loss.targets = targets, loss.weights = s.class_weights;
    loss.grad = Precision::ROUNDS ? static_cast<void *>(d_stored_logits) : d_logits;
    loss.workspace = allocate<char>(class_loss<Real, Logit>(ZOO_WORKSPACE, loss));
  }

  // The next part of the workspace; its address means nothing while only its size is asked for.
  template <class Number> Number *allocate(int64_t count) {
    Number *address = reinterpret_cast<Number *>(static_cast<char *>(s.workspace) + bytes);
    bytes += (count * int64_t(sizeof(Number)) + 63) / 64 * 64;
    return address;
  }

  // Space for the rounded copies of numbers; the numbers themselves if none are rounded.
  Real *factors(int64_t count, Real *numbers) {
    return Precision::ROUNDS ? allocate<Real>(count) : numbers;
  }

  Real *weights(int i) const { return static_cast<Real *>(s.parameters[i].weights); }

  // Row r of the table that a token selects.
  int64_t symbol(int64_t r) const { return M == V_ ? r : tokens[r]; }

  // Copies tokens and targets in the order of time. Returns whether all tokens are symbols.
  bool read_batch() {
    for (int64_t t = 0; t < T; t++)
      for (int64_t b = 0; b < B; b++) {
        const int64_t n = t * B + b, token = s.tokens[b * T + t];
        if (token < 0 || token >= V_) return false;
        tokens[n] = token, targets[n] = s.targets[b * T + t];
        table_rows[n] = M == V_ ? token : n;
      }
    return true;
  }

  static void start_state(const void *from, Real *to, int64_t count) {
    if (from) memcpy(to, from, count * sizeof(Real));
    else memset(to, 0, count * sizeof(Real));
  }

  // out (width) = Σ_k a[k · stride] x[k] (width), for K rows of x
  static void weighted_sum(int64_t K, const Real *a, int64_t stride, const Real *x, int64_t width,
                           Real *out) {
    int64_t c = 0;
    for (; c + 2 * L <= width; c += 2 * L) {
      V first{}, second{};
      for (int64_t k = 0; k < K; k++) {
        const V factor = broadcast(a[k * stride]);
        first += factor * load(x + k * width + c);
        second += factor * load(x + k * width + c + L);
      }
      store(out + c, first), store(out + c + L, second);
    }
    for (; c < width; c += L) {
      V total{};
      for (int64_t k = 0; k < K; k++)
        total += broadcast(a[k * stride]) * load(x + k * width + c, width - c);
      store(out + c, total, width - c);
    }
  }

  static void add(int64_t count, const Real *x, Real *to) {
    for (int64_t c = 0; c < count; c += L)
      store(to + c, load(to + c, count - c) + load(x + c, count - c), count - c);
  }

  void forward() {
    const Real *w = weights(ZOO_WEIGHT_IH), *b = weights(ZOO_BIAS_IH), *b_hh = weights(ZOO_BIAS_HH);
    memset(bias, 0, G * sizeof(Real));
    if (b) add(G, b, bias);
    if (b_hh) add(is_gru ? 2 * H : G, b_hh, bias);
    if (rounds_inputs) Precision::round(G * E, w, weight_ih);
    for (int64_t r = 0; r < M; r++) {
      const int64_t token = symbol(r);
      Real *row = table + r * G, *x = embedded + r * E;
      if (E) {
        memcpy(x, weights(ZOO_EMBEDDING) + token * E, E * sizeof(Real));
        if (rounds_inputs) Precision::round(E, x, x);
        for (int64_t g = 0; g < G; g++) {
          const Real product = dot(E, weight_ih + g * E, x);
          row[g] = bias[g] + (rounds_inputs ? Precision::rounded(product) : product);
        }
      } else {
        for (int64_t g = 0; g < G; g++) row[g] = bias[g] + w[g * V_ + token];
      }
    }
    for (int64_t n = 0; n < N; n++)
      memcpy(gates + n * G, table + table_rows[n] * G, G * sizeof(Real));
    start_state(s.hidden, hidden, B * H);
    if (is_lstm) start_state(s.cell_state, cell_state, B * H);
    ::run<Real, Products>(ZOO_FORWARD, layer);
    const Real *out_bias = weights(ZOO_OUTPUT_BIAS);
    Precision::round(N * H, hidden + B * H, after);
    Precision::round(C * H, weights(ZOO_OUTPUT_WEIGHT), weight_out);
    for (int64_t n = 0; n < N; n++)
      for (int64_t c = 0; c < C; c++)
        logits[n * C + c] =
            Precision::logit(dot(H, weight_out + c * H, after + n * H) +
                             (out_bias ? Precision::rounded(out_bias[c]) : Real(0)));
  }

  void backward() {
    for (int64_t n = 0; Precision::ROUNDS && n < N * C; n += L)
      store(d_logits + n, load_stored(d_stored_logits + n, N * C - n), N * C - n);
    memset(d_hidden, 0, B * H * sizeof(Real));
    for (int64_t n = 0; n < N; n++)
      weighted_sum(C, d_logits + n * C, 1, weight_out, H, d_outputs + n * H);
    round_result(N * H, d_outputs);
    for (int64_t c = 0; c < C; c++)
      weighted_sum(N, d_logits + c, C, after, H, gradients[ZOO_OUTPUT_WEIGHT] + c * H);
    round_result(C * H, gradients[ZOO_OUTPUT_WEIGHT]);
    if (weights(ZOO_OUTPUT_BIAS)) {
      sum_rows(N, d_logits, C, C, gradients[ZOO_OUTPUT_BIAS]);
      round_result(C, gradients[ZOO_OUTPUT_BIAS]);
    }
    if (is_lstm) memset(d_cell_state, 0, B * H * sizeof(Real));
    if (Precision::ROUNDS) layer.rounded = d_sums;
    ::run<Real, Products>(ZOO_BACKWARD, layer);

    // The GRU's d_gates are in the order q r z n: its weight_hh has gradients of r z q.
    for (int64_t g = 0; g < G; g++) {
      const int64_t column = is_gru ? (g + H) % G : g;
      weighted_sum(N, d_sums + column, D, before, H, gradients[ZOO_WEIGHT_HH] + g * H);
    }
    round_result(G * H, gradients[ZOO_WEIGHT_HH]);
    const Real *d_projected = d_gates + (D - G);
    memset(d_table, 0, M * G * sizeof(Real));
    for (int64_t n = 0; n < N; n++) add(G, d_projected + n * D, d_table + table_rows[n] * G);
    if (weights(ZOO_BIAS_IH)) sum_rows(M, d_table, G, G, gradients[ZOO_BIAS_IH]);
    if (weights(ZOO_BIAS_HH)) {
      Real *d_bias = gradients[ZOO_BIAS_HH];
      sum_rows(M, d_table, G, is_gru ? 2 * H : G, d_bias);
      if (is_gru) sum_rows(N, d_gates, D, H, d_bias + 2 * H);
    }
    Real *d_weight = gradients[ZOO_WEIGHT_IH];
    if (!E) {
      memset(d_weight, 0, sizes[ZOO_WEIGHT_IH] * sizeof(Real));
      for (int64_t r = 0; r < M; r++)
        for (int64_t g = 0; g < G; g++) d_weight[g * V_ + symbol(r)] += d_table[r * G + g];
      return;
    }
    if (rounds_inputs) Precision::round(M * G, d_table, d_inputs);
    for (int64_t g = 0; g < G; g++) weighted_sum(M, d_inputs + g, G, embedded, E, d_weight + g * E);
    if (rounds_inputs) round_result(G * E, d_weight);
    Real *d_embedding = gradients[ZOO_EMBEDDING];
    const bool by_symbol = M == V_;
    if (!by_symbol) memset(d_embedding, 0, sizes[ZOO_EMBEDDING] * sizeof(Real));
    for (int64_t r = 0; r < M; r++) {
      Real *row = by_symbol ? d_embedding + r * E : d_embedded + r * E;
      weighted_sum(G, d_inputs + r * G, 1, weight_ih, E, row);
      if (rounds_inputs) round_result(E, row);
      if (!by_symbol) add(E, row, d_embedding + tokens[r] * E);
    }
  }

  // Rounds the products of an operation that gives them in bfloat16.
  static void round_result(int64_t count, Real *numbers) {
    Precision::round(count, numbers, numbers);
  }

  static void sum_rows(int64_t count, const Real *x, int64_t stride, int64_t width, Real *out) {
    memset(out, 0, width * sizeof(Real));
    for (int64_t k = 0; k < count; k++) add(width, x + k * stride, out);
  }

  double norm() const {
    double total = 0;
    for (int i = 0; i < ZOO_PARAMETERS; i++)
      for (int64_t k = 0; weights(i) && k < sizes[i]; k++)
        total += double(gradients[i][k]) * double(gradients[i][k]);
    return sqrt(total);
  }

  // Changes the weights and the optimizer's tensors as torch.optim's Adam, AdamW and SGD do.
  void update(Real factor) const {
    for (int i = 0; i < ZOO_PARAMETERS; i++) {
      const zoo_parameter &parameter = s.parameters[i];
      if (!parameter.weights) continue;
      if (s.optimizer == ZOO_SGD)
        sgd(sizes[i], weights(i), gradients[i], static_cast<Real *>(parameter.first), factor);
      else
        adam(sizes[i], parameter, weights(i), gradients[i], factor);
    }
  }

  void sgd(int64_t count, Real *w, const Real *grad, Real *velocity, Real factor) const {
    const Real rate = s.learning_rate, decay = s.weight_decay, momentum = s.momentum;
    for (int64_t k = 0; k < count; k += L) {
      const int64_t n = count - k;
      const V before = load(w + k, n);
      V d = load(grad + k, n) * factor + before * decay;
      if (velocity) {
        d += load(velocity + k, n) * momentum;
        store(velocity + k, d, n);
      }
      store(w + k, before - d * rate, n);
    }
  }

  void adam(int64_t count, const zoo_parameter &parameter, Real *w, const Real *grad,
            Real factor) const {
    Real *first = static_cast<Real *>(parameter.first);
    Real *second = static_cast<Real *>(parameter.second);
    const double steps = *parameter.steps += 1;
    const Real rate = s.learning_rate / (1 - pow(s.beta_1, steps));
    const Real root = 1 / sqrt(1 - pow(s.beta_2, steps)), epsilon = s.epsilon;
    const Real b1 = s.beta_1, b2 = s.beta_2, c1 = 1 - s.beta_1, c2 = 1 - s.beta_2;
    const Real coupled = s.optimizer == ZOO_ADAM ? s.weight_decay : 0;
    const Real kept = s.optimizer == ZOO_ADAMW ? 1 - s.learning_rate * s.weight_decay : 1;
    for (int64_t k = 0; k < count; k += L) {
      const int64_t n = count - k;
      const V before = load(w + k, n), d = load(grad + k, n) * factor + before * coupled;
      const V m = load(first + k, n) * b1 + d * c1, v = load(second + k, n) * b2 + d * d * c2;
      store(first + k, m, n), store(second + k, v, n);
      V deviation;
      for (int64_t lane = 0; lane < L; lane++) deviation[lane] = sqrt(v[lane]);
      store(w + k, before * kept - m / (deviation * root + epsilon) * rate, n);
    }
  }

  // Returns whether the step was taken. If it was not, no weight has changed.
  bool run() {
    if (!read_batch()) return false;
    forward();
    if (!class_loss<Real, Logit>(ZOO_FORWARD, loss) || !(fabs(loss.loss) < INFINITY)) return false;
    backward();
    s.norm = norm();
    if (!(Real(s.norm) < Real(INFINITY))) return false;
    update(s.clip_norm > 0 && s.norm > s.clip_norm ? s.clip_norm / (s.norm + 1e-6) : 1);
    s.loss = loss.loss, s.plain_loss = loss.plain_loss, s.weight = loss.weight;
    s.counted = loss.counted, s.correct = loss.correct;
    memcpy(s.next_hidden, hidden + N * H, B * H * sizeof(Real));
    if (is_lstm) memcpy(s.next_cell_state, cell_state + N * H, B * H * sizeof(Real));
    return true;
  }
};

template <class Precision> int64_t small_step(int64_t operation, zoo_small_step &s) {
  SmallStep<Precision> step(s);
  return operation == ZOO_WORKSPACE ? step.bytes : step.run();
}

}  // namespace

#endif
