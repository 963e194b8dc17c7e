// The equations of the cells, a vector of one row at a time, and their derivatives.
//
// `sums` are the products with the recurrent weights; p, the projected inputs, already hold all
// biases but the GRU's b_n. The derivatives are those that zoo_core's portable sweeps state.
#ifndef ZOO_CELLS_H
#define ZOO_CELLS_H

#include "sweep.h"
#include "vector.h"

namespace {

// One row at one step; every pointer stands at the first column of the row.
template <class Real> struct Row {
  Real *gates;                  // G wide
  Real *inner;                  // H wide, as all that follow
  Real *before, *after;         // hidden states
  Real *memory, *next_memory;   // cell states
  Real *d_gates;                // G wide, GRU 4H
  Real *d_before, *d_after;
  Real *d_memory;
  const Real *bias;
  int64_t width;                // H
};

template <class Real, int CELL> struct Cell;

template <class Real, int CELL> struct Rnn {
  typedef typename Of<Real>::V V;
  static constexpr int GATES = 1, TO_STATE = 1;  // how many H wide: G; what W meets on the way back

  ZOO_INLINE void forth(const Row<Real> &row, int64_t c, int64_t n, const V *sums) {
    V p = load(row.gates + c, n) + sums[0];
    store(row.after + c, CELL == ZOO_RNN_TANH ? tangent(p) : (p < 0 ? V{} : p), n);
  }

  ZOO_INLINE void back(const Row<Real> &row, int64_t c, int64_t n) {
    V h = load(row.after + c, n), d = load(row.d_after + c, n);
    store(row.d_gates + c, CELL == ZOO_RNN_TANH ? d * (1 - h * h) : (h > 0 ? d : V{}), n);
  }
};

template <class Real> struct Cell<Real, ZOO_RNN_TANH> : Rnn<Real, ZOO_RNN_TANH> {};
template <class Real> struct Cell<Real, ZOO_RNN_RELU> : Rnn<Real, ZOO_RNN_RELU> {};

template <class Real> struct Cell<Real, ZOO_LSTM> {
  typedef typename Of<Real>::V V;
  static constexpr int GATES = 4, TO_STATE = 4;

  ZOO_INLINE void forth(const Row<Real> &row, int64_t c, int64_t n, const V *sums) {
    const int64_t H = row.width;
    Real *p = row.gates + c;
    V i = sigmoid(load(p, n) + sums[0]), f = sigmoid(load(p + H, n) + sums[1]);
    V g = tangent(load(p + 2 * H, n) + sums[2]), o = sigmoid(load(p + 3 * H, n) + sums[3]);
    V memory = f * load(row.memory + c, n) + i * g;
    store(p, i, n), store(p + H, f, n), store(p + 2 * H, g, n), store(p + 3 * H, o, n);
    store(row.next_memory + c, memory, n);
    store(row.after + c, o * tangent(memory), n);
  }

  ZOO_INLINE void back(const Row<Real> &row, int64_t c, int64_t n) {
    const int64_t H = row.width;
    const Real *p = row.gates + c;
    V i = load(p, n), f = load(p + H, n), g = load(p + 2 * H, n), o = load(p + 3 * H, n);
    V squashed = tangent(load(row.next_memory + c, n)), d_h = load(row.d_after + c, n);
    V d_c = load(row.d_memory + c, n) + d_h * o * (1 - squashed * squashed);
    Real *d = row.d_gates + c;
    store(d, d_c * g * (i * (1 - i)), n);
    store(d + H, d_c * load(row.memory + c, n) * (f * (1 - f)), n);
    store(d + 2 * H, d_c * i * (1 - g * g), n);
    store(d + 3 * H, d_h * squashed * (o * (1 - o)), n);
    store(row.d_memory + c, d_c * f, n);
  }
};

template <class Real> struct Cell<Real, ZOO_GRU> {
  typedef typename Of<Real>::V V;
  static constexpr int GATES = 3, TO_STATE = 3;

  ZOO_INLINE void forth(const Row<Real> &row, int64_t c, int64_t n, const V *sums) {
    const int64_t H = row.width;
    Real *p = row.gates + c;
    V r = sigmoid(load(p, n) + sums[0]), z = sigmoid(load(p + H, n) + sums[1]);
    V q = row.bias ? sums[2] + load(row.bias + c, n) : sums[2];
    V candidate = tangent(load(p + 2 * H, n) + r * q);
    store(p, r, n), store(p + H, z, n), store(p + 2 * H, candidate, n);
    store(row.inner + c, q, n);
    store(row.after + c, candidate + z * (load(row.before + c, n) - candidate), n);
  }

  ZOO_INLINE void back(const Row<Real> &row, int64_t c, int64_t n) {
    const int64_t H = row.width;
    const Real *p = row.gates + c;
    V r = load(p, n), z = load(p + H, n), candidate = load(p + 2 * H, n);
    V d_h = load(row.d_after + c, n);
    V d_n = d_h * (1 - z) * (1 - candidate * candidate), d_q = d_n * r;
    Real *d = row.d_gates + c;
    store(d, d_q, n);
    store(d + H, d_q * (1 - r) * load(row.inner + c, n), n);
    store(d + 2 * H, d_h * (load(row.before + c, n) - candidate) * (z * (1 - z)), n);
    store(d + 3 * H, d_n, n);
    store(row.d_before + c, load(row.d_before + c, n) + d_h * z, n);
  }
};

}  // namespace

#endif
