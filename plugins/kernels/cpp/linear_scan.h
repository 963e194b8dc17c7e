// The scan of a diagonal linear recurrence, h_t = a_t ⊙ h_{t-1} + b_t, and its derivative.
//
// No number of a state depends on another one of the same step, so threads divide rows and columns,
// and results do not depend on how. A thread passes the columns of a row step by step and so reads
// and writes memory in order: the speed of the memory is the limit.
#ifndef ZOO_LINEAR_SCAN_H
#define ZOO_LINEAR_SCAN_H

#include <string.h>

#include <utility>

#include "dispatch.h"
#include "threads.h"
#include "vector.h"

namespace {

// Vectors of complex numbers, whose real and imaginary parts lie side by side.
template <class Real, class Lanes = std::make_integer_sequence<int, lanes<Real>>> struct Pairs;
template <class Real, int... K> struct Pairs<Real, std::integer_sequence<int, K...>> {
  typedef typename Simd<Real>::V V;
  typedef decltype(V{} < V{}) I;
#if defined __clang__
  ZOO_INLINE V real_twice(V x) { return __builtin_shufflevector(x, x, (K & ~1)...); }
  ZOO_INLINE V imaginary_twice(V x) { return __builtin_shufflevector(x, x, (K | 1)...); }
  ZOO_INLINE V swapped(V x) { return __builtin_shufflevector(x, x, (K ^ 1)...); }
#else
  ZOO_INLINE V real_twice(V x) { return __builtin_shuffle(x, I{(K & ~1)...}); }
  ZOO_INLINE V imaginary_twice(V x) { return __builtin_shuffle(x, I{(K | 1)...}); }
  ZOO_INLINE V swapped(V x) { return __builtin_shuffle(x, I{(K ^ 1)...}); }
#endif
  ZOO_INLINE V turned(V x) { return swapped(x) * V{Real(K & 1 ? 1 : -1)...}; }  // i · x
};

template <class Real, bool COMPLEX> struct LinearScan {
  typedef typename Simd<Real>::V V;
  static constexpr int64_t L = lanes<Real>, PARTS = COMPLEX ? 2 : 1;
  static constexpr int64_t TILE = 8 * L;  // the columns that a thread takes at least
  static constexpr int64_t MIN_WORK_PER_THREAD = 1 << 14;  // in numbers: a few microseconds

  const zoo_linear_scan &s;
  const int64_t T = s.steps, B = s.rows, N = s.width * PARTS;

  // a · x + y
  ZOO_INLINE V multiply_add(V a, V x, V y) {
    if constexpr (!COMPLEX) return a * x + y;
    else {
      const V sum = Pairs<Real>::real_twice(a) * x + y;
      return sum + Pairs<Real>::imaginary_twice(a) * Pairs<Real>::turned(x);
    }
  }

  // The conjugate of a, · x + y
  ZOO_INLINE V conjugate_multiply_add(V a, V x, V y) {
    if constexpr (!COMPLEX) return a * x + y;
    else {
      const V sum = Pairs<Real>::real_twice(a) * x + y;
      return sum - Pairs<Real>::imaginary_twice(a) * Pairs<Real>::turned(x);
    }
  }

  // Calls task(first column, number of columns) for every vector of some columns. Where steps go
  // down in memory, columns do too, because processors fetch ahead what is read in one direction.
  template <class Task>
  ZOO_INLINE void for_each_vector(bool downward, int64_t first, int64_t last, Task task) {
    const int64_t whole = (last - first) / L, end = first + whole * L;
    if (downward && end < last) task(end, last - end);
    int64_t j = downward ? end - L : first;
    for (int64_t i = 0; i < whole; i++, j += downward ? -L : L) task(j, L);
    if (!downward && end < last) task(end, last - end);
  }

  // The numbers of a row at a step, in a tensor with strides and in one without gaps.
  static const Real *at(const zoo_strided &x, int64_t row, int64_t step) {
    return static_cast<const Real *>(x.numbers) + (row * x.row + step * x.step) * PARTS;
  }
  Real *at(void *numbers, int64_t row, int64_t step) const {
    return static_cast<Real *>(numbers) + (row * T + step) * N;
  }
  Real *at(void *numbers, int64_t row) const { return static_cast<Real *>(numbers) + row * N; }

  int64_t length(int64_t row) const { return s.lengths ? s.lengths[row] : T; }
  bool starts(int64_t row, int64_t step) const { return s.starts && s.starts[row * T + step]; }

  void forward(int64_t row, int64_t first, int64_t last) const {
    const size_t bytes = (last - first) * sizeof(Real);
    const Real *before = static_cast<const Real *>(s.initial) + row * N;
    for (int64_t i = 0; i < T; i++) {
      const int64_t t = s.reverse ? T - 1 - i : i;
      const Real *decay = at(s.decay, row, t), *added = at(s.added, row, t);
      Real *after = at(s.states, row, t);
      if (t >= length(row))
        memcpy(after + first, before + first, bytes);
      else if (starts(row, t))
        memcpy(after + first, added + first, bytes);
      else
        for_each_vector(s.reverse, first, last, [&](int64_t j, int64_t n) {
          const V a = load(decay + j, n), h = load(before + j, n), b = load(added + j, n);
          store(after + j, multiply_add(a, h, b), n);
        });
      before = after;
    }
  }

  // d_initial holds the gradient of the state before the steps that are done.
  void backward(int64_t row, int64_t first, int64_t last) const {
    const size_t bytes = (last - first) * sizeof(Real);
    Real *carried = at(s.d_initial, row);
    memset(carried + first, 0, bytes);
    if (s.d_decay_sum) memset(at(s.d_decay_sum, row) + first, 0, bytes);
    for (int64_t i = T - 1; i >= 0; i--) {
      const int64_t t = s.reverse ? T - 1 - i : i;
      const Real *decay = at(s.decay, row, t), *grad = at(s.grad, row, t);
      const Real *before = i ? at(s.states, row, s.reverse ? t + 1 : t - 1)
                             : static_cast<const Real *>(s.initial) + row * N;
      Real *d_added = at(s.d_added, row, t);
      Real *d_decay = s.d_decay ? at(s.d_decay, row, t) : nullptr;
      const bool padding = t >= length(row);
      if (padding || starts(row, t)) {
        for_each_vector(!s.reverse, first, last, [&](int64_t j, int64_t n) {
          const V d = load(carried + j, n) + load(grad + j, n);
          store(d_added + j, padding ? V{} : d, n);
          store(carried + j, padding ? d : V{}, n);
        });
        if (d_decay) memset(d_decay + first, 0, bytes);
        continue;
      }
      Real *d_decay_sum = s.d_decay_sum ? at(s.d_decay_sum, row) : nullptr;
      for_each_vector(!s.reverse, first, last, [&](int64_t j, int64_t n) {
        const V d = load(carried + j, n) + load(grad + j, n);
        store(d_added + j, d, n);
        const V h = load(before + j, n);
        if (d_decay) store(d_decay + j, conjugate_multiply_add(h, d, V{}), n);
        if (d_decay_sum)
          store(d_decay_sum + j, conjugate_multiply_add(h, d, load(d_decay_sum + j, n)), n);
        store(carried + j, conjugate_multiply_add(load(decay + j, n), d, V{}), n);
      });
    }
  }

  void run(int64_t operation) const {
    const int64_t tiles = (N + TILE - 1) / TILE, parts = B * tiles;
    const int64_t most = B * T * N / MIN_WORK_PER_THREAD < parts ? B * T * N / MIN_WORK_PER_THREAD : parts;
    ThreadGroup(ThreadGroup::at_least_one(s.threads, most)).for_each_thread([&](int64_t i, int64_t n) {
      const int64_t end = parts * (i + 1) / n;
      for (int64_t part = parts * i / n; part < end;) {
        const int64_t row = part / tiles, tile = part % tiles;
        const int64_t count = end - part < tiles - tile ? end - part : tiles - tile;
        const int64_t last = (tile + count) * TILE < N ? (tile + count) * TILE : N;
        if (operation == ZOO_FORWARD) forward(row, tile * TILE, last);
        else backward(row, tile * TILE, last);
        part += count;
      }
    });
  }
};

}  // namespace

#endif
