// The equations of the cells and their derivatives, for one vector of one row at a time.
//
// `sums` holds the products with the recurrent weights. `projected` holds the projected inputs, with
// all biases but the GRU's b_n; `gates`, which may be the same memory, receives the gates. zoo_core's
// portable kernel states the derivatives (portable/lstm.py, gru.py, rnn.py).
#ifndef ZOO_CELLS_H
#define ZOO_CELLS_H

#include "recurrence.h"
#include "vector.h"

namespace {

// One row at one step. Every pointer is at the row's first column.
template <class Real> struct Row {
  const Real *projected;                  // G wide
  Real *gates;                            // G wide
  Real *recurrent_n;                      // H wide, like all that follow
  Real *hidden, *next_hidden;             // before and after the step
  Real *cell_state, *next_cell_state;     // LSTM
  Real *d_gates;                          // G wide, GRU 4H wide
  const Real *d_output;                   // null for zeros
  Real *d_hidden, *d_cell_state;          // gradients of the state after the step in, before it out
  const Real *bias;
  int64_t hidden_size;  // H
};

// The gradient of the hidden state after the step.
template <class Real>
ZOO_INLINE typename Simd<Real>::V next_gradient(const Row<Real> &row, int64_t c, int64_t n) {
  const typename Simd<Real>::V d = load(row.d_hidden + c, n);
  return row.d_output ? d + load(row.d_output + c, n) : d;
}

// GATES is G / H; RECURRENT_GATES the number of gate gradients, each H wide, that are multiplied
// with the recurrent weights in the backward pass. These products are the gradient of the hidden
// state before the step, or, with ADDS_PRODUCTS, are added to what `backward` leaves there.
template <class Real, int CELL> struct Cell;

template <class Real, int CELL> struct Rnn {
  typedef typename Simd<Real>::V V;
  static constexpr int GATES = 1, RECURRENT_GATES = 1;
  static constexpr bool ADDS_PRODUCTS = false;

  ZOO_INLINE void forward(const Row<Real> &row, int64_t c, int64_t n, const V *sums) {
    V p = load(row.projected + c, n) + sums[0];
    store(row.next_hidden + c, CELL == ZOO_RNN_TANH ? simd_tanh(p) : (p < 0 ? V{} : p), n);
  }

  ZOO_INLINE void backward(const Row<Real> &row, int64_t c, int64_t n) {
    V h = load(row.next_hidden + c, n), d = next_gradient(row, c, n);
    store(row.d_gates + c, CELL == ZOO_RNN_TANH ? d * (1 - h * h) : (h <= 0 ? V{} : d), n);
  }
};

template <class Real> struct Cell<Real, ZOO_RNN_TANH> : Rnn<Real, ZOO_RNN_TANH> {};
template <class Real> struct Cell<Real, ZOO_RNN_RELU> : Rnn<Real, ZOO_RNN_RELU> {};

template <class Real> struct Cell<Real, ZOO_LSTM> {
  typedef typename Simd<Real>::V V;
  static constexpr int GATES = 4, RECURRENT_GATES = 4;
  static constexpr bool ADDS_PRODUCTS = false;

  ZOO_INLINE void forward(const Row<Real> &row, int64_t c, int64_t n, const V *sums) {
    const int64_t H = row.hidden_size;
    const Real *p = row.projected + c;
    V i = simd_sigmoid(load(p, n) + sums[0]), f = simd_sigmoid(load(p + H, n) + sums[1]);
    V g = simd_tanh(load(p + 2 * H, n) + sums[2]), o = simd_sigmoid(load(p + 3 * H, n) + sums[3]);
    V cell_state = f * load(row.cell_state + c, n) + i * g;
    Real *to = row.gates + c;
    store(to, i, n), store(to + H, f, n), store(to + 2 * H, g, n), store(to + 3 * H, o, n);
    store(row.next_cell_state + c, cell_state, n);
    store(row.next_hidden + c, o * simd_tanh(cell_state), n);
  }

  ZOO_INLINE void backward(const Row<Real> &row, int64_t c, int64_t n) {
    const int64_t H = row.hidden_size;
    const Real *p = row.gates + c;
    V i = load(p, n), f = load(p + H, n), g = load(p + 2 * H, n), o = load(p + 3 * H, n);
    V tanh_c = simd_tanh(load(row.next_cell_state + c, n)), d_h = next_gradient(row, c, n);
    V d_c = load(row.d_cell_state + c, n) + d_h * o * (1 - tanh_c * tanh_c);
    Real *d = row.d_gates + c;
    store(d, d_c * g * (i * (1 - i)), n);
    store(d + H, d_c * load(row.cell_state + c, n) * (f * (1 - f)), n);
    store(d + 2 * H, d_c * i * (1 - g * g), n);
    store(d + 3 * H, d_h * tanh_c * (o * (1 - o)), n);
    store(row.d_cell_state + c, d_c * f, n);
  }
};

template <class Real> struct Cell<Real, ZOO_GRU> {
  typedef typename Simd<Real>::V V;
  static constexpr int GATES = 3, RECURRENT_GATES = 3;
  static constexpr bool ADDS_PRODUCTS = true;

  ZOO_INLINE void forward(const Row<Real> &row, int64_t c, int64_t n, const V *sums) {
    const int64_t H = row.hidden_size;
    const Real *p = row.projected + c;
    V r = simd_sigmoid(load(p, n) + sums[0]), z = simd_sigmoid(load(p + H, n) + sums[1]);
    V q = row.bias ? sums[2] + load(row.bias + c, n) : sums[2];
    V candidate = simd_tanh(load(p + 2 * H, n) + r * q);
    Real *to = row.gates + c;
    store(to, r, n), store(to + H, z, n), store(to + 2 * H, candidate, n);
    store(row.recurrent_n + c, q, n);
    store(row.next_hidden + c, candidate + z * (load(row.hidden + c, n) - candidate), n);
  }

  ZOO_INLINE void backward(const Row<Real> &row, int64_t c, int64_t n) {
    const int64_t H = row.hidden_size;
    const Real *p = row.gates + c;
    V r = load(p, n), z = load(p + H, n), candidate = load(p + 2 * H, n);
    V d_h = next_gradient(row, c, n);
    V d_n = d_h * (1 - z) * (1 - candidate * candidate), d_q = d_n * r;
    Real *d = row.d_gates + c;
    store(d, d_q, n);
    store(d + H, d_q * (1 - r) * load(row.recurrent_n + c, n), n);
    store(d + 2 * H, d_h * (load(row.hidden + c, n) - candidate) * (z * (1 - z)), n);
    store(d + 3 * H, d_n, n);
    store(row.d_hidden + c, d_h * z, n);
  }
};

}  // namespace

#endif
