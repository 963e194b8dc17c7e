// All steps of a cell, forth and back.
//
// One parallel region holds all steps. Where there are rows enough, each thread takes some of them
// through all steps alone; else each takes some of the columns, and they meet at every step.
#ifndef ZOO_STEPS_H
#define ZOO_STEPS_H

#include "cells.h"
#include "dispatch.h"
#include "product.h"
#include "team.h"

namespace {

constexpr int64_t FEW = 16;  // rows × steps that do not repay packing

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// All steps of one cell, with numbers of one kind and products of one kind.
template <class Real, int CELL, class Products> struct Sweep {
  typedef typename Of<Real>::V V;
  typedef Cell<Real, CELL> Equations;
  static constexpr int64_t L = lanes<Real>;
  static constexpr int GATES = Equations::GATES;
  static constexpr int WIDE = MANY_REGISTERS ? 4 : 2;     // vectors of a tile on the way back
  static constexpr int SPAN = GATES == 1 ? WIDE : 1;      // vectors of each gate of a tile forth
  static constexpr int TILE = GATES * SPAN;               // vectors of a tile forth
  // Rows that a thread should have forth: of a wide tile few registers are left for rows, and 16
  // would not come out even.
  static constexpr int64_t ROWS_FORTH = Products::ROWS_EACH * (TILE > 3 && !MANY_REGISTERS ? 2 : 1);
  static constexpr int64_t SCRATCH = ROWS * 4 * L;        // numbers per thread
  static constexpr int64_t BACK_GATES = CELL == ZOO_GRU ? 4 : GATES;
  static constexpr int MEET = Equations::TO_STATE;        // H wide each: what W meets back
  typedef typename Products::Number Number;
  typedef typename Products::Operand Operand;

  const zoo_sweep &s;
  const int64_t T = s.steps, B = s.rows, H = s.width, G = GATES * H;
  Number *const packed = static_cast<Number *>(s.workspace);

  static int64_t tiles(int64_t width, int64_t vectors) {
    return (width + vectors * L - 1) / (vectors * L);
  }
  // The workspace: packed weights, what each thread's products become, and where products take
  // copies, those of the rows, twice: one is read while the next is written. There are more rows
  // than B, for tiles read up to 15 beyond their own; what comes of those is left.
  int64_t forth_tile() const { return Products::depth(H) * TILE * L; }
  int64_t back_tile() const { return Products::depth(MEET * H) * WIDE * L; }
  int64_t weights() const {
    const int64_t forth = tiles(H, SPAN) * forth_tile(), back = tiles(H, WIDE) * back_tile();
    return ((forth > back ? forth : back) * sizeof(Number) + 63) / 64 * 64;
  }
  int64_t copies() const {
    return Products::COPIES ? 2 * (B + 16) * Products::depth(MEET * H) : 0;
  }
  int64_t workspace() const {
    return weights() + s.threads * SCRATCH * sizeof(Real) + copies() * sizeof(Operand) + 64;
  }
  char *room(int64_t offset) const { return static_cast<char *>(s.workspace) + offset; }
  Real *scratch(int64_t thread) const {
    return reinterpret_cast<Real *>(room(weights())) + thread * SCRATCH;
  }
  Operand *copied(int64_t i, int64_t r, int64_t depth) const {
    const int64_t from = weights() + s.threads * SCRATCH * sizeof(Real);
    return reinterpret_cast<Operand *>(room(from)) + (i % 2 * (B + 16) + r) * depth;
  }

  int64_t active(int64_t t) const { return s.sizes ? s.sizes[t] : B; }
  int64_t step(int64_t index) const { return s.reverse ? T - 1 - index : index; }
  static Real *at(void *buffer, int64_t offset) {
    return buffer ? static_cast<Real *>(buffer) + offset : nullptr;
  }
  static const Real *at(const void *buffer, int64_t offset) {
    return buffer ? static_cast<const Real *>(buffer) + offset : nullptr;
  }

  Row<Real> row(int64_t t, int64_t r) const {
    const int64_t here = t * B + r, next = here + B;
    const int64_t from = (s.reverse ? next : here) * H, to = (s.reverse ? here : next) * H;
    return {at(s.gates, here * G),     at(s.inner, here * H),
            at(s.hidden, from),        at(s.hidden, to),
            at(s.memory, from),        at(s.memory, to),
            at(s.d_gates, here * BACK_GATES * H),
            at(s.d_hidden, from),      at(s.d_hidden, to),
            at(s.d_memory, r * H),     at(s.bias, 0),
            H};
  }

  // Without packing: every sum is a product of two rows, as they lie.
  void forth_plain(const Share &share) {
    const Real *weight = at(s.weight, 0);
    const int64_t first = share.first_tile * SPAN * L, last = least(H, share.last_tile * SPAN * L);
    for (int64_t i = 0; i < T; i++) {
      const int64_t t = step(i), rows = least(share.last_row, active(t));
      for (int64_t r = share.first_row; r < rows; r++) {
        const Row<Real> each = row(t, r);
        for (int64_t c = first; c < last; c += L) {
          const int64_t n = least(L, last - c);
          V sums[GATES] = {};
          for (int gate = 0; gate < GATES; gate++)
            for (int64_t lane = 0; lane < n; lane++)
              sums[gate][lane] = dot(H, weight + (gate * H + c + lane) * H, each.before);
          Equations::forth(each, c, n, sums);
        }
      }
      share.meet();
    }
  }

  void forth_packed(const Share &share) {
    const int64_t depth = Products::depth(H);
    const int64_t first = share.first_tile * SPAN * L, last = least(H, share.last_tile * SPAN * L);
    Products::begin();
    for (int64_t i = 0; i < T; i++) {
      const int64_t t = step(i), rows = least(share.last_row, active(t));
      if constexpr (Products::COPIES) {
        for (int64_t r = share.first_row; r < rows; r++)
          Products::copy(last - first, row(t, r).before + first, copied(i, r, depth) + first);
        share.meet();
      }
      for (int64_t r = share.first_row; r < rows; r += ROWS) {
        const int64_t count = least(ROWS, rows - r);
        for (int64_t tile = share.first_tile; tile < share.last_tile; tile++) {
          for (int64_t k = 0; k < count; k++) fetch(row(t, r + k), tile);
          multiply<TILE>(count, H, packed + tile * forth_tile(), row(t, r).before, H,
                         copied(i, r, depth), scratch(share.thread));
          for (int64_t k = 0; k < count; k++)
            pointwise(row(t, r + k), tile, scratch(share.thread) + k * TILE * L);
        }
      }
      if (!Products::COPIES) share.meet();
    }
    Products::end();
  }

  // Of rows as they lie, or of their copies.
  template <int NV>
  void multiply(int64_t count, int64_t K, const Number *w, const Real *a, int64_t lda,
                const Operand *copies, Real *to) const {
    const int64_t depth = Products::depth(K);
    if constexpr (Products::COPIES)
      Products::template product<NV>(count, depth, w, copies, depth, to, B == 1);
    else
      Products::template product<NV>(count, K, w, a, lda, to, B == 1);
  }

  // What the cell will need of a row comes nearer while the product is made.
  void fetch(const Row<Real> &each, int64_t tile) const {
    const int64_t c = tile * SPAN * L;
    for (int gate = 0; gate < GATES; gate++) __builtin_prefetch(each.gates + gate * H + c, 1);
    if (CELL == ZOO_LSTM) __builtin_prefetch(each.memory + c);
    if (CELL == ZOO_LSTM) __builtin_prefetch(each.next_memory + c, 1);
    if (CELL == ZOO_GRU) __builtin_prefetch(each.inner + c, 1);
    __builtin_prefetch(each.after + c, 1);
  }

  void pointwise(const Row<Real> &each, int64_t tile, const Real *products) {
    for (int u = 0; u < SPAN; u++) {
      const int64_t c = (tile * SPAN + u) * L, n = least(L, H - c);
      if (n <= 0) break;
      V sums[GATES];
      for (int gate = 0; gate < GATES; gate++) sums[gate] = load(products + (gate * SPAN + u) * L);
      Equations::forth(each, c, n, sums);
    }
  }

  void pack_forth(int64_t first, int64_t last) {
    for (int64_t tile = first; tile < last; tile++) {
      int64_t from[TILE], to[TILE];
      for (int v = 0; v < TILE; v++) {
        from[v] = v / SPAN * H + (tile * SPAN + v % SPAN) * L;
        to[v] = (v / SPAN + 1) * H;
      }
      Products::template pack_transposed<TILE>(H, from, to, at(s.weight, 0),
                                               packed + tile * forth_tile());
    }
  }

  // The rows of the weight in the order in which the way back meets them: GRU n r z.
  void pack_back(int64_t first, int64_t last) {
    for (int64_t tile = first; tile < last; tile++)
      for (int gate = 0; gate < MEET; gate++) {
        const int64_t from = CELL == ZOO_GRU ? (gate + 2) % 3 : gate;
        Products::template pack<WIDE>(H, H, tile * WIDE * L, at(s.weight, from * H * H), gate * H,
                                      packed + tile * back_tile());
      }
  }

  void back_packed(const Share &share) {
    const int64_t first = share.first_tile * WIDE * L, last = least(H, share.last_tile * WIDE * L);
    const int64_t depth = Products::depth(MEET * H), lda = BACK_GATES * H;
    Products::begin();
    for (int64_t i = T - 1; i >= 0; i--) {
      const int64_t t = step(i), rows = least(share.last_row, active(t));
      for (int64_t r = share.first_row; r < rows; r++) {
        const Row<Real> each = row(t, r);
        for (int64_t c = first; c < last; c += L) Equations::back(each, c, least(L, last - c));
        if constexpr (Products::COPIES)
          for (int64_t c = first; c < MEET * H; c += H)
            Products::copy(last - first, each.d_gates + c, copied(i, r, depth) + c);
      }
      if (i == 0 && s.cut) break;
      share.meet();
      for (int64_t r = share.first_row; r < rows; r += ROWS) {
        const int64_t count = least(ROWS, rows - r);
        for (int64_t tile = share.first_tile; tile < share.last_tile; tile++) {
          for (int64_t k = 0; k < count; k++)
            __builtin_prefetch(row(t, r + k).d_before + tile * WIDE * L, 1);
          multiply<WIDE>(count, MEET * H, packed + tile * back_tile(), row(t, r).d_gates, lda,
                         copied(i, r, depth), scratch(share.thread));
          for (int64_t k = 0; k < count; k++)
            add(row(t, r + k), tile, scratch(share.thread) + k * WIDE * L);
        }
      }
    }
    Products::end();
  }

  // What comes back to the state before, on top of what is there.
  void add(const Row<Real> &each, int64_t tile, const Real *products) {
    for (int v = 0; v < WIDE; v++) {
      const int64_t c = (tile * WIDE + v) * L, n = least(L, H - c);
      if (n <= 0) break;
      store(each.d_before + c, load(each.d_before + c, n) + load(products + v * L), n);
    }
  }

  // The copies' padding, and the rows beyond those that take part, which tiles read too.
  void clear(int64_t thread, int64_t of) const {
    if (!Products::COPIES) return;
    char *from = reinterpret_cast<char *>(copied(0, 0, 0));
    const int64_t size = copies() * sizeof(Operand);
    memset(from + size * thread / of, 0, size * (thread + 1) / of - size * thread / of);
  }

  void forth() {
    const int64_t count = tiles(H, SPAN), work = T * B * G * H;
    const bool plain = !Products::COPIES && T * B < FEW;
    const Team team(s.threads, B, count, work, T, ROWS_FORTH);
    if (!plain) team.each([&](int64_t thread, int64_t of) {
      pack_forth(count * thread / of, count * (thread + 1) / of);
      clear(thread, of);
    });
    team.share([&](const Share &share) { plain ? forth_plain(share) : forth_packed(share); });
  }

  void back() {
    const int64_t count = tiles(H, WIDE), work = T * B * G * H;
    const Team team(s.threads, B, count, work, T, Products::ROWS_EACH);
    team.each([&](int64_t thread, int64_t of) {
      pack_back(count * thread / of, count * (thread + 1) / of);
      clear(thread, of);
    });
    team.share([&](const Share &share) { back_packed(share); });
  }
};

// What the task makes of the sweep.
template <class Real, class Products, class Task>
int64_t of_cell(const zoo_sweep &s, Task task) {
  switch (s.cell) {
    case ZOO_RNN_TANH: return task(Sweep<Real, ZOO_RNN_TANH, Products>{s});
    case ZOO_RNN_RELU: return task(Sweep<Real, ZOO_RNN_RELU, Products>{s});
    case ZOO_LSTM: return task(Sweep<Real, ZOO_LSTM, Products>{s});
    default: return task(Sweep<Real, ZOO_GRU, Products>{s});
  }
}

template <class Real, class Products> int64_t act(int64_t what, const zoo_sweep &s) {
  return of_cell<Real, Products>(s, [=](auto sweep) -> int64_t {
    if (what == ZOO_WORKSPACE) return sweep.workspace();
    what == ZOO_FORTH ? sweep.forth() : sweep.back();
    return 0;
  });
}

// One step of one row.
template <class Real, class Products>
int64_t row(int64_t what, const zoo_sweep &s, int64_t thread, int64_t of) {
  return of_cell<Real, Products>(s, [=](auto sweep) -> int64_t {
    if (what == ZOO_WORKSPACE) return sweep.workspace();
    const int64_t count = sweep.tiles(sweep.H, sweep.SPAN);
    const int64_t first = count * thread / of, last = count * (thread + 1) / of;
    if (what == ZOO_PACK)
      sweep.pack_forth(first, last);
    else
      sweep.forth_packed({thread, of, 0, 1, first, last, nullptr});
    return 0;
  });
}

}  // namespace

#define ZOO_JOIN(a, b) a##b
#define ZOO_NAME(a, b) ZOO_JOIN(a, b)

#endif
