// The sweeps, for one kind of register: compiled once for each level, with ZOO_LEVEL in its names.
//
// One parallel region holds all steps. Where there are rows enough, each thread takes some of them
// through all steps alone; else each takes some of the columns, and they meet at every step.
#include "cells.h"
#include "dispatch.h"
#include "product.h"
#include "team.h"

namespace {

constexpr int64_t FEW = 16;  // rows × steps that do not repay packing

int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// All steps of one cell, with numbers of one kind.
template <class Real, int CELL> struct Sweep {
  typedef typename Of<Real>::V V;
  typedef Cell<Real, CELL> Equations;
  static constexpr int64_t L = lanes<Real>;
  static constexpr int GATES = Equations::GATES;
  static constexpr int WIDE = MANY_REGISTERS ? 4 : 2;     // vectors of a tile on the way back
  static constexpr int SPAN = GATES == 1 ? WIDE : 1;      // vectors of each gate of a tile forth
  static constexpr int TILE = GATES * SPAN;               // vectors of a tile forth
  static constexpr int64_t SCRATCH = ROWS * 4 * L;        // numbers per thread
  static constexpr int64_t BACK_GATES = CELL == ZOO_GRU ? 4 : GATES;

  const zoo_sweep &s;
  const int64_t T = s.steps, B = s.rows, H = s.width, G = GATES * H;
  Real *const packed = static_cast<Real *>(s.workspace);

  static int64_t tiles(int64_t width, int64_t vectors) {
    return (width + vectors * L - 1) / (vectors * L);
  }
  int64_t forth_size() const { return tiles(H, SPAN) * H * TILE * L; }
  int64_t back_size() const { return tiles(H, WIDE) * Equations::TO_STATE * H * WIDE * L; }
  int64_t workspace() const {
    const int64_t most = forth_size() > back_size() ? forth_size() : back_size();
    return (most + s.threads * SCRATCH) * sizeof(Real) + 64;
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
    Real *scratch = packed + forth_size() + share.thread * SCRATCH;
    for (int64_t i = 0; i < T; i++) {
      const int64_t t = step(i), rows = least(share.last_row, active(t));
      for (int64_t r = share.first_row; r < rows; r += ROWS) {
        const int64_t count = least(ROWS, rows - r);
        for (int64_t tile = share.first_tile; tile < share.last_tile; tile++) {
          const Real *w = packed + tile * H * TILE * L;
          for (int64_t k = 0; k < count; k++) fetch(row(t, r + k), tile);
          product<Real, TILE>(count, H, w, row(t, r).before, H, scratch);
          for (int64_t k = 0; k < count; k++) pointwise(row(t, r + k), tile, scratch + k * TILE * L);
        }
      }
      share.meet();
    }
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
      pack_transposed<Real, TILE>(H, from, to, at(s.weight, 0), packed + tile * H * TILE * L);
    }
  }

  // The rows of the weight in the order in which the way back meets them: GRU n r z.
  void pack_back(int64_t first, int64_t last) {
    constexpr int N = Equations::TO_STATE;
    for (int64_t tile = first; tile < last; tile++)
      for (int gate = 0; gate < N; gate++) {
        const int64_t from = CELL == ZOO_GRU ? (gate + 2) % 3 : gate;
        pack<Real, WIDE>(H, H, tile * WIDE * L, at(s.weight, from * H * H),
                         packed + (tile * N + gate) * H * WIDE * L);
      }
  }

  void back_packed(const Share &share) {
    constexpr int N = Equations::TO_STATE;
    Real *scratch = packed + back_size() + share.thread * SCRATCH;
    const int64_t first = share.first_tile * WIDE * L, last = least(H, share.last_tile * WIDE * L);
    for (int64_t i = T - 1; i >= 0; i--) {
      const int64_t t = step(i), rows = least(share.last_row, active(t));
      for (int64_t r = share.first_row; r < rows; r++) {
        const Row<Real> each = row(t, r);
        for (int64_t c = first; c < last; c += L) Equations::back(each, c, least(L, last - c));
      }
      share.meet();
      for (int64_t r = share.first_row; r < rows; r += ROWS) {
        const int64_t count = least(ROWS, rows - r), lda = BACK_GATES * H;
        for (int64_t tile = share.first_tile; tile < share.last_tile; tile++) {
          const Real *w = packed + tile * N * H * WIDE * L;
          for (int64_t k = 0; k < count; k++)
            __builtin_prefetch(row(t, r + k).d_before + tile * WIDE * L, 1);
          product<Real, WIDE>(count, N * H, w, row(t, r).d_gates, lda, scratch);
          for (int64_t k = 0; k < count; k++) {
            Real *to = row(t, r + k).d_before;
            for (int v = 0; v < WIDE; v++) {
              const int64_t c = (tile * WIDE + v) * L, n = least(L, H - c);
              if (n <= 0) break;
              store(to + c, load(to + c, n) + load(scratch + (k * WIDE + v) * L), n);
            }
          }
        }
      }
    }
  }

  void forth() {
    const int64_t count = tiles(H, SPAN), work = T * B * G * H;
    const bool plain = T * B < FEW;
    const Team team(s.threads, B, count, work, T);
    if (!plain) team.each([&](int64_t thread, int64_t of) {
      pack_forth(count * thread / of, count * (thread + 1) / of);
    });
    team.share([&](const Share &share) { plain ? forth_plain(share) : forth_packed(share); });
  }

  void back() {
    const int64_t count = tiles(H, WIDE), work = T * B * G * H;
    const Team team(s.threads, B, count, work, T);
    team.each([&](int64_t thread, int64_t of) {
      pack_back(count * thread / of, count * (thread + 1) / of);
    });
    team.share([&](const Share &share) { back_packed(share); });
  }
};

template <class Real, int CELL>
int64_t act(int64_t what, const zoo_sweep &s, int64_t thread, int64_t of) {
  typedef Sweep<Real, CELL> Each;
  Each sweep{s};
  const int64_t count = Each::tiles(s.width, Each::SPAN);
  const int64_t first = count * thread / of, last = count * (thread + 1) / of;
  switch (what) {
    case ZOO_FORTH: return sweep.forth(), 0;
    case ZOO_BACK: return sweep.back(), 0;
    case ZOO_PACK: return sweep.pack_forth(first, last), 0;
    case ZOO_PART: return sweep.forth_packed({thread, of, 0, s.rows, first, last, nullptr}), 0;
    default: return sweep.workspace();
  }
}

template <class Real>
int64_t act(int64_t what, const zoo_sweep &s, int64_t thread, int64_t of) {
  switch (s.cell) {
    case ZOO_RNN_TANH: return act<Real, ZOO_RNN_TANH>(what, s, thread, of);
    case ZOO_RNN_RELU: return act<Real, ZOO_RNN_RELU>(what, s, thread, of);
    case ZOO_LSTM: return act<Real, ZOO_LSTM>(what, s, thread, of);
    default: return act<Real, ZOO_GRU>(what, s, thread, of);
  }
}

template <class Real>
int64_t dense(int64_t what, const zoo_dense &d, int64_t thread, int64_t of) {
  constexpr int NV = 4;
  constexpr int64_t L = lanes<Real>, WIDTH = NV * L;
  const int64_t count = (d.N + WIDTH - 1) / WIDTH, size = d.K * WIDTH;
  Real *packed = static_cast<Real *>(d.workspace);
  if (what == ZOO_WORKSPACE) return count * size * sizeof(Real);
  for (int64_t tile = count * thread / of; tile < count * (thread + 1) / of; tile++) {
    const int64_t column = tile * WIDTH;
    if (what == ZOO_PACK) {
      int64_t first[NV], last[NV];
      for (int v = 0; v < NV; v++) first[v] = column + v * L, last[v] = d.N;
      pack_transposed<Real, NV>(d.K, first, last, static_cast<const Real *>(d.weight),
                                packed + tile * size);
      continue;
    }
    Real sums[WIDTH];
    product<Real, NV>(1, d.K, packed + tile * size, static_cast<const Real *>(d.x), d.K, sums);
    for (int64_t i = 0; i < least(WIDTH, d.N - column); i++)
      static_cast<Real *>(d.y)[column + i] =
          sums[i] + (d.bias ? static_cast<const Real *>(d.bias)[column + i] : Real(0));
  }
  return 0;
}

}  // namespace

#define ZOO_JOIN(a, b) a##b
#define ZOO_NAME(a, b) ZOO_JOIN(a, b)

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_act_, ZOO_LEVEL)(
    int64_t what, const zoo_sweep *s, int64_t thread, int64_t of) {
  return s->real == 8 ? act<double>(what, *s, thread, of) : act<float>(what, *s, thread, of);
}

extern "C" __attribute__((visibility("hidden"))) int64_t ZOO_NAME(zoo_dense_, ZOO_LEVEL)(
    int64_t what, const zoo_dense *d, int64_t thread, int64_t of) {
  return d->real == 8 ? dense<double>(what, *d, thread, of) : dense<float>(what, *d, thread, of);
}
