// The loop over all time steps of a cell, forward and backward.
//
// One parallel region holds all steps. With enough rows, each thread takes some of the rows through
// all steps alone; otherwise each takes some of the columns, and the threads synchronize at every
// step.
#ifndef ZOO_TIME_LOOP_H
#define ZOO_TIME_LOOP_H

#include "cells.h"
#include "dispatch.h"
#include "product.h"
#include "threads.h"

namespace {

constexpr int64_t MIN_ROWS_TO_PACK = 16;  // rows × steps from which packing the weight is worth it

int64_t minimum(int64_t a, int64_t b) { return a < b ? a : b; }

// All steps of one cell, for one type of number and one kind of product (product.h).
template <class Real, int CELL, class Products> struct TimeLoop {
  typedef typename Simd<Real>::V V;
  typedef Cell<Real, CELL> Equations;
  static constexpr int64_t L = lanes<Real>;
  static constexpr int GATES = Equations::GATES, RECURRENT_GATES = Equations::RECURRENT_GATES;
  static constexpr int64_t GRAD_GATES = CELL == ZOO_GRU ? 4 : GATES;  // width of d_gates / H
  // The widths of tiles in vectors. A forward tile holds the same columns of every gate.
  static constexpr int BACKWARD_VECTORS = HAS_32_REGISTERS ? 4 : 2;
  static constexpr int VECTORS_PER_GATE = GATES == 1 ? BACKWARD_VECTORS : 1;
  static constexpr int FORWARD_VECTORS = GATES * VECTORS_PER_GATE;
  // A wide forward tile leaves few registers for rows, so few rows are multiplied at a time, and a
  // share of 16 rows would leave a remainder.
  static constexpr int64_t MIN_ROWS_FORWARD =
      Products::MIN_ROWS_PER_THREAD * (FORWARD_VECTORS > 3 && !HAS_32_REGISTERS ? 2 : 1);
  // Every step reads the whole weight. A large one comes from a far cache or from memory, so it is
  // better read in parts, one by each thread, unless the rows are many.
  static constexpr int64_t LARGE_WEIGHT = 16 << 20;  // bytes
  static constexpr int64_t MIN_ROWS_LARGE_WEIGHT = 32;
  static constexpr int64_t SCRATCH_SIZE = ROWS * 4 * L;  // numbers per thread
  typedef typename Products::Number Number;
  typedef typename Products::Operand Operand;

  const zoo_recurrence &s;
  const int64_t T = s.steps, B = s.rows, H = s.hidden_size, G = GATES * H;
  Number *const packed = static_cast<Number *>(s.workspace);

  // The rows of each thread from which threads divide the rows, not the columns.
  int64_t min_rows(int64_t of_products) const {
    const bool is_large = G * H * int64_t(sizeof(Number)) >= LARGE_WEIGHT;
    return is_large && of_products < MIN_ROWS_LARGE_WEIGHT ? MIN_ROWS_LARGE_WEIGHT : of_products;
  }

  static int64_t tiles(int64_t width, int64_t vectors) {
    return (width + vectors * L - 1) / (vectors * L);
  }

  // The workspace holds the packed weights, a scratch area per thread for products and, for products
  // that convert rows, two copies of all rows: one is read while the other is written. A copy
  // has 16 rows more than B, because AMX tiles read up to 15 rows beyond; those results are ignored.
  // If the caller keeps the copies of all steps, none is here.
  int64_t forward_tile_size() const { return Products::depth(H) * FORWARD_VECTORS * L; }
  int64_t backward_tile_size() const {
    return Products::depth(RECURRENT_GATES * H) * BACKWARD_VECTORS * L;
  }
  int64_t weights_bytes() const {
    const int64_t forward = tiles(H, VECTORS_PER_GATE) * forward_tile_size();
    const int64_t backward = tiles(H, BACKWARD_VECTORS) * backward_tile_size();
    return ((forward > backward ? forward : backward) * sizeof(Number) + 63) / 64 * 64;
  }
  int64_t scratch_bytes() const { return s.threads * SCRATCH_SIZE * sizeof(Real); }
  // Without d_gates, a thread writes the gate gradients of a row over those of the row before.
  int64_t row_bytes() const { return (GRAD_GATES * H * sizeof(Real) + 63) / 64 * 64; }
  int64_t rows_bytes() const { return Products::COPIES_ROWS && !s.d_gates ? s.threads * row_bytes() : 0; }
  int64_t copies_size() const {
    return Products::COPIES_ROWS && !s.rounded ? 2 * (B + 16) * Products::depth(RECURRENT_GATES * H) : 0;
  }
  int64_t copies_offset() const {
    return weights_bytes() + scratch_bytes() + tables_bytes() + rows_bytes();
  }
  int64_t workspace_bytes() const { return copies_offset() + copies_size() * sizeof(Operand) + 64; }
  char *workspace_at(int64_t offset) const { return static_cast<char *>(s.workspace) + offset; }
  Real *scratch(int64_t thread) const {
    return reinterpret_cast<Real *>(workspace_at(weights_bytes())) + thread * SCRATCH_SIZE;
  }
  // Where threads divide the rows, each but the first adds to a table gradient of its own.
  int64_t table_size() const { return s.symbols * GRAD_GATES * H; }
  int64_t tables_bytes() const {
    return s.d_table ? ((s.threads - 1) * table_size() * sizeof(Real) + 63) / 64 * 64 : 0;
  }
  Real *table_gradient(int64_t thread) const {
    if (thread == 0) return at(s.d_table, 0);
    const int64_t offset = weights_bytes() + scratch_bytes();
    return reinterpret_cast<Real *>(workspace_at(offset)) + (thread - 1) * table_size();
  }
  Real *gradient_row(int64_t thread) const {
    const int64_t offset = weights_bytes() + scratch_bytes() + tables_bytes();
    return reinterpret_cast<Real *>(workspace_at(offset + thread * row_bytes()));
  }
  // The copy of row r in the step that is taken as number i; copies are `width` wide.
  Operand *row_copy(int64_t i, int64_t r, int64_t width) const {
    if (s.rounded) return static_cast<Operand *>(s.rounded) + (step(i) * B + r) * width;
    return reinterpret_cast<Operand *>(workspace_at(copies_offset())) + (i % 2 * (B + 16) + r) * width;
  }

  int64_t active_rows(int64_t t) const { return s.batch_sizes ? s.batch_sizes[t] : B; }
  int64_t step(int64_t index) const { return s.reverse ? T - 1 - index : index; }
  static Real *at(void *buffer, int64_t offset) {
    return buffer ? static_cast<Real *>(buffer) + offset : nullptr;
  }
  static const Real *at(const void *buffer, int64_t offset) {
    return buffer ? static_cast<const Real *>(buffer) + offset : nullptr;
  }

  Row<Real> row_at(int64_t t, int64_t r) const {
    const int64_t current = t * B + r, next = current + B;
    const int64_t from = (s.reverse ? next : current) * H, to = (s.reverse ? current : next) * H;
    Real *const gates = at(s.gates, current * G);
    return {s.tokens ? at(s.table, s.tokens[current] * G) : gates,
            gates,
            at(s.recurrent_n, current * H),
            at(s.hidden, from),
            at(s.hidden, to),
            at(s.cell_state, from),
            at(s.cell_state, to),
            at(s.d_gates, current * GRAD_GATES * H),
            at(s.d_outputs.numbers, r * s.d_outputs.row + t * s.d_outputs.step),
            at(s.d_hidden, r * H),
            at(s.d_cell_state, r * H),
            at(s.bias, 0),
            H};
  }

  // Without packing: every sum is the dot product of two rows in their own memory.
  void forward_unpacked(const ThreadShare &share) {
    const Real *weight = at(s.weight, 0);
    const int64_t first = share.first_tile * VECTORS_PER_GATE * L;
    const int64_t last = minimum(H, share.last_tile * VECTORS_PER_GATE * L);
    for (int64_t i = 0; i < T; i++) {
      const int64_t t = step(i), rows = minimum(share.last_row, active_rows(t));
      for (int64_t r = share.first_row; r < rows; r++) {
        const Row<Real> row = row_at(t, r);
        for (int64_t c = first; c < last; c += L) {
          const int64_t n = minimum(L, last - c);
          V sums[GATES] = {};
          for (int gate = 0; gate < GATES; gate++)
            for (int64_t lane = 0; lane < n; lane++)
              sums[gate][lane] = dot(H, weight + (gate * H + c + lane) * H, row.hidden);
          Equations::forward(row, c, n, sums);
        }
      }
      share.synchronize();
    }
  }

  void forward_packed(const ThreadShare &share) {
    const int64_t depth = Products::depth(H);
    const int64_t first = share.first_tile * VECTORS_PER_GATE * L;
    const int64_t last = minimum(H, share.last_tile * VECTORS_PER_GATE * L);
    Products::begin();
    for (int64_t i = 0; i < T; i++) {
      const int64_t t = step(i), rows = minimum(share.last_row, active_rows(t));
      if constexpr (Products::COPIES_ROWS) {
        for (int64_t r = share.first_row; r < rows; r++)
          Products::copy(last - first, row_at(t, r).hidden + first, row_copy(i, r, depth) + first);
        share.synchronize();
      }
      for (int64_t r = share.first_row; r < rows; r += ROWS) {
        const int64_t count = minimum(ROWS, rows - r);
        for (int64_t tile = share.first_tile; tile < share.last_tile; tile++) {
          if constexpr (Products::HAS_SUMS_IN_REGISTERS)
            if (B > 1) {
              forward_rows(count, t, r, tile);
              continue;
            }
          for (int64_t k = 0; k < count; k++) prefetch(row_at(t, r + k), tile);
          multiply<FORWARD_VECTORS>(count, H, packed + tile * forward_tile_size(),
                                    row_at(t, r).hidden, H, row_copy(i, r, depth), depth,
                                    scratch(share.thread));
          for (int64_t k = 0; k < count; k++)
            apply_cell(row_at(t, r + k), tile, scratch(share.thread) + k * FORWARD_VECTORS * L);
        }
      }
      if (!Products::COPIES_ROWS) share.synchronize();
    }
    Products::end();
  }

  // One tile of rows. Of few rows at a time, the sums stay in registers until the cell has used them.
  void forward_rows(int64_t count, int64_t t, int64_t first, int64_t tile) const {
    constexpr int MR = rows_in_registers<FORWARD_VECTORS>();
    const int64_t parts = (count + MR - 1) / MR;
    for (int64_t i = 0; i < parts; i++) {
      const int64_t r = count * i / parts, end = count * (i + 1) / parts;
      forward_rows_up_to<MR>(end - r, t, first + r, tile);
    }
  }

  template <int MR>
  void forward_rows_up_to(int64_t count, int64_t t, int64_t first, int64_t tile) const {
    if constexpr (MR > 1)
      if (count < MR) return forward_rows_up_to<MR - 1>(count, t, first, tile);
    Row<Real> rows[MR];
    for (int r = 0; r < MR; r++) prefetch(rows[r] = row_at(t, first + r), tile);
    V sums[MR][FORWARD_VECTORS] = {};
    add_products<Real>(H, packed + tile * forward_tile_size(), rows[0].hidden, H, sums);
#pragma GCC unroll 16
    for (int r = 0; r < MR; r++)
#pragma GCC unroll 16
      for (int u = 0; u < VECTORS_PER_GATE; u++) {
        const int64_t c = (tile * VECTORS_PER_GATE + u) * L, n = minimum(L, H - c);
        if (n <= 0) break;
        V gate_sums[GATES];
        for (int gate = 0; gate < GATES; gate++)
          gate_sums[gate] = sums[r][gate * VECTORS_PER_GATE + u];
        Equations::forward(rows[r], c, n, gate_sums);
      }
  }

  // The product of rows, or of their copies where products need them, with a packed tile.
  template <int NV>
  void multiply(int64_t count, int64_t K, const Number *w, const Real *a, int64_t lda,
                const Operand *copies, int64_t width, Real *to) const {
    if constexpr (Products::COPIES_ROWS)
      Products::template product<NV>(count, Products::depth(K), w, copies, width, to, B == 1);
    else
      Products::template product<NV>(count, K, w, a, lda, to, B == 1);
  }

  // Prefetches what the cell needs of a row, while the product is made.
  void prefetch(const Row<Real> &row, int64_t tile) const {
    const int64_t c = tile * VECTORS_PER_GATE * L;
    for (int gate = 0; gate < GATES; gate++) {
      __builtin_prefetch(row.projected + gate * H + c);
      if (row.gates) __builtin_prefetch(row.gates + gate * H + c, 1);
    }
    if (CELL == ZOO_LSTM) __builtin_prefetch(row.cell_state + c);
    if (CELL == ZOO_LSTM) __builtin_prefetch(row.next_cell_state + c, 1);
    if (CELL == ZOO_GRU) __builtin_prefetch(row.recurrent_n + c, 1);
    __builtin_prefetch(row.next_hidden + c, 1);
  }

  void apply_cell(const Row<Real> &row, int64_t tile, const Real *products) {
    for (int u = 0; u < VECTORS_PER_GATE; u++) {
      const int64_t c = (tile * VECTORS_PER_GATE + u) * L, n = minimum(L, H - c);
      if (n <= 0) break;
      V sums[GATES];
      for (int gate = 0; gate < GATES; gate++)
        sums[gate] = load(products + (gate * VECTORS_PER_GATE + u) * L);
      Equations::forward(row, c, n, sums);
    }
  }

  void pack_forward(int64_t first, int64_t last) {
    for (int64_t tile = first; tile < last; tile++) {
      int64_t from[FORWARD_VECTORS], to[FORWARD_VECTORS];
      for (int v = 0; v < FORWARD_VECTORS; v++) {
        from[v] = v / VECTORS_PER_GATE * H + (tile * VECTORS_PER_GATE + v % VECTORS_PER_GATE) * L;
        to[v] = (v / VECTORS_PER_GATE + 1) * H;
      }
      Products::template pack_transposed<FORWARD_VECTORS>(H, from, to, at(s.weight, 0),
                                                          packed + tile * forward_tile_size());
    }
  }

  // Packs the rows of the weight in the order of d_gates; for the GRU that is n r z.
  void pack_backward(int64_t first, int64_t last) {
    for (int64_t tile = first; tile < last; tile++)
      for (int gate = 0; gate < RECURRENT_GATES; gate++) {
        const int64_t from = CELL == ZOO_GRU ? (gate + 2) % 3 : gate;
        Products::template pack<BACKWARD_VECTORS>(
            H, H, tile * BACKWARD_VECTORS * L, at(s.weight, from * H * H), gate * H,
            packed + tile * backward_tile_size());
      }
  }

  void backward_packed(const ThreadShare &share) {
    const int64_t first = share.first_tile * BACKWARD_VECTORS * L;
    const int64_t last = minimum(H, share.last_tile * BACKWARD_VECTORS * L);
    const int64_t lda = GRAD_GATES * H;
    // of the GRU's n, only the caller has a use
    const int64_t copied = (s.rounded && s.d_gates ? GRAD_GATES : RECURRENT_GATES) * H;
    const int64_t width = Products::depth(copied);
    Real *const table = s.d_table ? table_gradient(share.barrier ? 0 : share.thread) : nullptr;
    Products::begin();
    for (int64_t i = T - 1; i >= 0; i--) {
      const int64_t t = step(i), rows = minimum(share.last_row, active_rows(t));
      for (int64_t r = share.first_row; r < rows; r++) {
        Row<Real> row = row_at(t, r);
        if (Products::COPIES_ROWS && !row.d_gates) row.d_gates = gradient_row(share.thread);
        for (int64_t c = first; c < last; c += L) Equations::backward(row, c, minimum(L, last - c));
        if (table) add_to_table(row, table + s.tokens[t * B + r] * lda, first, last);
        if constexpr (Products::COPIES_ROWS)
          for (int64_t c = first; c < copied; c += H)
            Products::copy(last - first, row.d_gates + c, row_copy(i, r, width) + c);
      }
      if (i == 0 && !s.needs_initial_grad) break;
      share.synchronize();
      for (int64_t r = share.first_row; r < rows; r += ROWS) {
        const int64_t count = minimum(ROWS, rows - r);
        for (int64_t tile = share.first_tile; tile < share.last_tile; tile++) {
          multiply<BACKWARD_VECTORS>(count, RECURRENT_GATES * H,
                                     packed + tile * backward_tile_size(), row_at(t, r).d_gates,
                                     lda, row_copy(i, r, width), width, scratch(share.thread));
          for (int64_t k = 0; k < count; k++)
            set_grad(row_at(t, r + k), tile, scratch(share.thread) + k * BACKWARD_VECTORS * L);
        }
      }
    }
    Products::end();
  }

  // Adds the gate gradients of a row, in these columns of each gate, to those of its symbol.
  void add_to_table(const Row<Real> &row, Real *symbol, int64_t first, int64_t last) const {
    for (int gate = 0; gate < GRAD_GATES; gate++, first += H, last += H)
      for (int64_t c = first; c < last; c += L) {
        const int64_t n = minimum(L, last - c);
        store(symbol + c, load(symbol + c, n) + load(row.d_gates + c, n), n);
      }
  }

  // Adds this thread's part of all table gradients but the first to the first.
  void sum_tables(int64_t count, int64_t thread, int64_t threads) const {
    const int64_t end = table_size() * (thread + 1) / threads;
    for (int64_t table = 1; table < count; table++)
      for (int64_t i = table_size() * thread / threads; i < end; i += L) {
        const int64_t n = minimum(L, end - i);
        Real *to = table_gradient(0) + i;
        store(to, load(to, n) + load(table_gradient(table) + i, n), n);
      }
  }

  // Sets the gradient of the hidden state before the step by its products.
  void set_grad(const Row<Real> &row, int64_t tile, const Real *products) {
    for (int v = 0; v < BACKWARD_VECTORS; v++) {
      const int64_t c = (tile * BACKWARD_VECTORS + v) * L, n = minimum(L, H - c);
      if (n <= 0) break;
      const V product = load(products + v * L);
      store(row.d_hidden + c, Equations::ADDS_PRODUCTS ? load(row.d_hidden + c, n) + product : product, n);
    }
  }

  // Zeros this thread's part of the copies: their padding and rows that take no part are read too.
  void clear_copies(int64_t thread, int64_t threads) const {
    if (copies_size() == 0) return;
    char *copies = workspace_at(copies_offset());
    const int64_t size = copies_size() * sizeof(Operand);
    const int64_t start = size * thread / threads, end = size * (thread + 1) / threads;
    memset(copies + start, 0, end - start);
  }

  void forward() {
    const int64_t count = tiles(H, VECTORS_PER_GATE), work = T * B * G * H;
    const bool unpacked = !Products::COPIES_ROWS && T * B < MIN_ROWS_TO_PACK;
    const ThreadGroup group(s.threads, B, count, work, T, min_rows(MIN_ROWS_FORWARD));
    if (!unpacked) group.for_each_thread([&](int64_t thread, int64_t threads) {
      pack_forward(count * thread / threads, count * (thread + 1) / threads);
      clear_copies(thread, threads);
    });
    group.for_each_share([&](const ThreadShare &share) {
      unpacked ? forward_unpacked(share) : forward_packed(share);
    });
  }

  void backward() {
    const int64_t count = tiles(H, BACKWARD_VECTORS), work = T * B * G * H;
    const ThreadGroup group(s.threads, B, count, work, T, min_rows(Products::MIN_ROWS_PER_THREAD));
    group.for_each_thread([&](int64_t thread, int64_t threads) {
      pack_backward(count * thread / threads, count * (thread + 1) / threads);
      clear_copies(thread, threads);
      if (s.d_table && (group.by_rows || thread == 0))
        memset(table_gradient(thread), 0, table_size() * sizeof(Real));
    });
    group.for_each_share([&](const ThreadShare &share) { backward_packed(share); });
    if (s.d_table && group.by_rows && group.threads > 1)
      group.for_each_thread([&](int64_t thread, int64_t threads) {
        sum_tables(threads, thread, threads);
      });
  }
};

// Runs an operation with the time loop of the right cell, and returns the bytes of a workspace.
template <class Real, class Products> int64_t run(int64_t operation, const zoo_recurrence &s) {
  const auto run_loop = [=](auto loop) -> int64_t {
    if (operation == ZOO_WORKSPACE) return loop.workspace_bytes();
    operation == ZOO_FORWARD ? loop.forward() : loop.backward();
    return 0;
  };
  switch (s.cell) {
    case ZOO_RNN_TANH: return run_loop(TimeLoop<Real, ZOO_RNN_TANH, Products>{s});
    case ZOO_RNN_RELU: return run_loop(TimeLoop<Real, ZOO_RNN_RELU, Products>{s});
    case ZOO_LSTM: return run_loop(TimeLoop<Real, ZOO_LSTM, Products>{s});
    default: return run_loop(TimeLoop<Real, ZOO_GRU, Products>{s});
  }
}

}  // namespace

#define ZOO_JOIN(a, b) a##b
#define ZOO_NAME(a, b) ZOO_JOIN(a, b)

#endif
