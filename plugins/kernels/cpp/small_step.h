// A whole training step of a small model in one call: forward, loss, backward, clipping, optimizer.
//
// The model is an embedding of tokens or one-hot tokens, one layer of a cell, and a linear layer. At
// these sizes a call of an operation takes longer than its work, and one thread is the fastest.
//
// The projection of the inputs by the first layer is made once for each row of a table: for each
// symbol, or for each token if there are fewer tokens than symbols.
#ifndef ZOO_SMALL_STEP_H
#define ZOO_SMALL_STEP_H

#include "class_loss.h"
#include "time_loop.h"

namespace {

template <class Real> struct SmallStep {
  typedef typename Simd<Real>::V V;
  static constexpr int64_t L = lanes<Real>;

  zoo_small_step &s;
  const int64_t T = s.steps, B = s.rows, N = T * B, H = s.hidden_size, E = s.embedding_size;
  const int64_t V_ = s.symbols, C = s.classes;
  const bool is_lstm = s.cell == ZOO_LSTM, is_gru = s.cell == ZOO_GRU;
  const int64_t G = (is_lstm ? 4 : is_gru ? 3 : 1) * H;
  const int64_t D = is_gru ? 4 * H : G;  // width of d_gates
  const int64_t M = V_ < N ? V_ : N;     // rows of the table
  const int64_t sizes[ZOO_PARAMETERS] = {G * (E ? E : V_), G * H, G, G, C * H, C, V_ * E};

  int64_t bytes = 0;
  Real *gates, *recurrent_n, *hidden, *cell_state, *d_gates, *d_hidden, *d_cell_state, *d_logits;
  Real *bias, *table, *d_table, *embedded, *d_embedded, *gradients[ZOO_PARAMETERS];
  int64_t *tokens, *targets, *table_rows;
  zoo_recurrence layer = {};
  zoo_class_loss loss = {};

  explicit SmallStep(zoo_small_step &step) : s(step) {
    gates = allocate<Real>(N * G);
    recurrent_n = allocate<Real>(is_gru ? N * H : 0);
    hidden = allocate<Real>((N + B) * H);
    cell_state = allocate<Real>(is_lstm ? (N + B) * H : 0);
    d_gates = allocate<Real>(N * D);
    d_hidden = allocate<Real>((N + B) * H);
    d_cell_state = allocate<Real>(is_lstm ? B * H : 0);
    d_logits = allocate<Real>(N * C);
    bias = allocate<Real>(G);
    table = allocate<Real>(M * G);
    d_table = allocate<Real>(M * G);
    embedded = allocate<Real>(M * E);
    d_embedded = allocate<Real>(M * E);
    for (int i = 0; i < ZOO_PARAMETERS; i++)
      gradients[i] = allocate<Real>(s.parameters[i].weights ? sizes[i] : 0);
    tokens = allocate<int64_t>(N), targets = allocate<int64_t>(N), table_rows = allocate<int64_t>(N);

    layer.cell = s.cell, layer.element_size = sizeof(Real), layer.level = s.level;
    layer.threads = 1, layer.steps = T, layer.rows = B, layer.hidden_size = H;
    layer.gates = gates, layer.hidden = hidden, layer.weight = weights(ZOO_WEIGHT_HH);
    layer.d_gates = d_gates, layer.d_hidden = d_hidden;
    if (is_gru) layer.recurrent_n = recurrent_n;
    if (is_gru && weights(ZOO_BIAS_HH)) layer.bias = weights(ZOO_BIAS_HH) + 2 * H;
    if (is_lstm) layer.cell_state = cell_state, layer.d_cell_state = d_cell_state;
    layer.workspace = allocate<char>(::run<Real, FullPrecision<Real>>(ZOO_WORKSPACE, layer));

    loss.element_size = sizeof(Real), loss.level = s.level, loss.threads = 1;
    loss.rows = N, loss.classes = C, loss.ignored = s.ignored, loss.smoothing = s.smoothing;
    loss.logits = s.logits, loss.targets = targets, loss.weights = s.class_weights;
    loss.grad = d_logits;
    loss.workspace = allocate<char>(class_loss<Real, Real>(ZOO_WORKSPACE, loss));
  }

  // The next part of the workspace; its address means nothing while only its size is asked for.
  template <class Number> Number *allocate(int64_t count) {
    Number *address = reinterpret_cast<Number *>(static_cast<char *>(s.workspace) + bytes);
    bytes += (count * int64_t(sizeof(Number)) + 63) / 64 * 64;
    return address;
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
    for (int64_t r = 0; r < M; r++) {
      const int64_t token = symbol(r);
      Real *row = table + r * G;
      if (E) {
        const Real *x = weights(ZOO_EMBEDDING) + token * E;
        memcpy(embedded + r * E, x, E * sizeof(Real));
        for (int64_t g = 0; g < G; g++) row[g] = bias[g] + dot(E, w + g * E, x);
      } else {
        for (int64_t g = 0; g < G; g++) row[g] = bias[g] + w[g * V_ + token];
      }
    }
    for (int64_t n = 0; n < N; n++)
      memcpy(gates + n * G, table + table_rows[n] * G, G * sizeof(Real));
    start_state(s.hidden, hidden, B * H);
    if (is_lstm) start_state(s.cell_state, cell_state, B * H);
    ::run<Real, FullPrecision<Real>>(ZOO_FORWARD, layer);
    const Real *out = weights(ZOO_OUTPUT_WEIGHT), *out_bias = weights(ZOO_OUTPUT_BIAS);
    Real *logits = static_cast<Real *>(s.logits);
    for (int64_t n = 0; n < N; n++)
      for (int64_t c = 0; c < C; c++)
        logits[n * C + c] =
            dot(H, out + c * H, hidden + (B + n) * H) + (out_bias ? out_bias[c] : Real(0));
  }

  void backward() {
    const Real *after = hidden + B * H, *out = weights(ZOO_OUTPUT_WEIGHT);
    memset(d_hidden, 0, B * H * sizeof(Real));
    for (int64_t n = 0; n < N; n++)
      weighted_sum(C, d_logits + n * C, 1, out, H, d_hidden + (B + n) * H);
    for (int64_t c = 0; c < C; c++)
      weighted_sum(N, d_logits + c, C, after, H, gradients[ZOO_OUTPUT_WEIGHT] + c * H);
    if (weights(ZOO_OUTPUT_BIAS)) sum_rows(N, d_logits, C, C, gradients[ZOO_OUTPUT_BIAS]);
    if (is_lstm) memset(d_cell_state, 0, B * H * sizeof(Real));
    ::run<Real, FullPrecision<Real>>(ZOO_BACKWARD, layer);

    // The GRU's d_gates are in the order q r z n: its weight_hh has gradients of r z q.
    for (int64_t g = 0; g < G; g++) {
      const int64_t column = is_gru ? (g + H) % G : g;
      weighted_sum(N, d_gates + column, D, hidden, H, gradients[ZOO_WEIGHT_HH] + g * H);
    }
    const Real *d_inputs = d_gates + (D - G);
    memset(d_table, 0, M * G * sizeof(Real));
    for (int64_t n = 0; n < N; n++) add(G, d_inputs + n * D, d_table + table_rows[n] * G);
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
    for (int64_t g = 0; g < G; g++) weighted_sum(M, d_table + g, G, embedded, E, d_weight + g * E);
    Real *d_embedding = gradients[ZOO_EMBEDDING];
    const bool by_symbol = M == V_;
    if (!by_symbol) memset(d_embedding, 0, sizes[ZOO_EMBEDDING] * sizeof(Real));
    for (int64_t r = 0; r < M; r++) {
      Real *row = by_symbol ? d_embedding + r * E : d_embedded + r * E;
      weighted_sum(G, d_table + r * G, 1, weights(ZOO_WEIGHT_IH), E, row);
      if (!by_symbol) add(E, row, d_embedding + tokens[r] * E);
    }
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
    if (!class_loss<Real, Real>(ZOO_FORWARD, loss) || !(fabs(loss.loss) < INFINITY)) return false;
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

template <class Real> int64_t small_step(int64_t operation, zoo_small_step &s) {
  SmallStep<Real> step(s);
  return operation == ZOO_WORKSPACE ? step.bytes : step.run();
}

}  // namespace

#endif
