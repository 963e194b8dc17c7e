// One step of several rows of the text loop: products with packed weights, and the cell.
//
// The time of a product with one row is that of reading the weights. So all rows are multiplied with
// a block of them while it is in the first-level cache. A row's numbers do not depend on the rows
// beside it, nor on the threads, bit for bit.
#ifndef ZOO_TEXT_STEP_H
#define ZOO_TEXT_STEP_H

#include "bf16_weights.h"
#include "cells.h"
#include "dispatch.h"
#include "int8_weights.h"
#include "plain_weights.h"

namespace {

constexpr int ROWS_PER_BLOCK = 16;  // rows that are multiplied with a block before the next block

// The tiles of a part. A tile of VECTORS vectors holds the same columns of every gate, in chunks of
// CHUNK vectors or less.
template <class Real, class Weights, int GATES, int PER_GATE, int CHUNK, int PARTIAL> struct Tiles {
  static constexpr int64_t L = lanes<Real>;
  static constexpr int VECTORS = GATES * PER_GATE;
  typedef typename Weights::Number Number;
  typedef typename Weights::Operand Operand;

  const zoo_part &part;
  const int64_t count = (part.width + PER_GATE * L - 1) / (PER_GATE * L);

  static int chunk(int first) { return first + CHUNK <= VECTORS ? CHUNK : VECTORS - first; }

  int64_t tile_bytes() const {
    int64_t bytes = 0;
    for (int first = 0; first < VECTORS; first += CHUNK)
      bytes += Weights::chunk_bytes(part.K, chunk(first));
    return (bytes + 63) / 64 * 64;
  }

  Number *packed(int64_t tile) const {
    return reinterpret_cast<Number *>(static_cast<char *>(part.packed) + tile * tile_bytes());
  }

  static Number *next(Number *w, int64_t K, int NV) {
    return reinterpret_cast<Number *>(reinterpret_cast<char *>(w) + Weights::chunk_bytes(K, NV));
  }

  void pack(int64_t tile) const {
    Number *to = packed(tile);
    for (int first = 0; first < VECTORS; first += CHUNK) {
      int64_t from[CHUNK], last[CHUNK];
      for (int v = 0; v < chunk(first); v++) {
        const int64_t gate = (first + v) / PER_GATE, vector = (first + v) % PER_GATE;
        from[v] = gate * part.width + (tile * PER_GATE + vector) * L;
        last[v] = (gate + 1) * part.width;
      }
      Weights::pack(part.K, chunk(first), from, last,
                    static_cast<const typename Weights::Stored *>(part.weight), part.scales, to);
      to = next(to, part.K, chunk(first));
    }
  }

  // The sums of a row with a tile.
  Real *sums(const zoo_text_rows &rows, int64_t tile, int64_t row) const {
    return static_cast<Real *>(part.sums) + (tile * rows.capacity + row) * VECTORS * L;
  }

  void multiply(const zoo_text_rows &rows, int64_t tile, const Operand *x, int64_t stride,
                const float *scales) const {
    Number *w = packed(tile);
    for (int first = 0; first < VECTORS; first += CHUNK) {
      if (chunk(first) == CHUNK)
        multiply_chunk<CHUNK>(rows, tile, first, w, x, stride, scales);
      else
        multiply_chunk<(VECTORS % CHUNK ? VECTORS % CHUNK : CHUNK)>(rows, tile, first, w, x, stride, scales);
      w = next(w, part.K, chunk(first));
    }
  }

  // Writes the sums of an output layer, with its biases, to the logits.
  void add_bias(const zoo_text_rows &rows, int64_t tile) const {
    const int64_t column = tile * VECTORS * L, rest = part.width - column;
    const int64_t n = rest < VECTORS * L ? rest : VECTORS * L;
    const Real *bias = static_cast<const Real *>(part.bias);
    for (int64_t i = 0; i < rows.count; i++) {
      const int64_t row = rows.row[i];
      Real *logits = static_cast<Real *>(part.y) + row * part.width + column;
      const Real *from = sums(rows, tile, row);
      for (int64_t k = 0; k < n; k++) logits[k] = from[k] + (bias ? bias[column + k] : Real(0));
    }
  }

  template <int NV>
  void multiply_chunk(const zoo_text_rows &rows, int64_t tile, int first, const Number *w,
                      const Operand *x, int64_t stride, const float *scales) const {
    typedef typename Weights::template Sums<NV, PARTIAL> Sums;
    const int64_t K = part.K;
    const Number *end = w + Weights::depth(K) * NV * L;
    if (rows.count == 1) {
      const int64_t row = rows.row[0];
      Sums sum;
      sum.clear();
      sum.add(K, w, x + row * stride);
      return sum.store_to(sums(rows, tile, row) + first * L, end, scales ? scales[row] : 1);
    }
    for (int64_t start = 0; start < rows.count; start += ROWS_PER_BLOCK) {
      Sums block[ROWS_PER_BLOCK];
      const int64_t rest = rows.count - start, count = rest < ROWS_PER_BLOCK ? rest : ROWS_PER_BLOCK;
      for (int64_t i = 0; i < count; i++) block[i].clear();
      for (int64_t k = 0; k < K; k += Weights::BLOCK) {
        const int64_t n = K - k < Weights::BLOCK ? K - k : Weights::BLOCK;
        for (int64_t i = 0; i < count; i++) {
          Sums sum = block[i];
          sum.add(n, w + k * NV * L, x + rows.row[start + i] * stride + k);
          block[i] = sum;
        }
      }
      for (int64_t i = 0; i < count; i++) {
        const int64_t row = rows.row[start + i];
        block[i].store_to(sums(rows, tile, row) + first * L, end, scales ? scales[row] : 1);
      }
    }
  }
};

constexpr int VECTORS_OF_ONE_GATE = ZOO_VECTOR_BYTES >= 64 ? 4 : 2;
template <int GATES> constexpr int vectors_per_gate = GATES == 1 ? VECTORS_OF_ONE_GATE : 1;

// A product with the state of the layer itself.
template <class Real, class Weights, int GATES>
using RecurrentTiles = Tiles<Real, Weights, GATES, vectors_per_gate<GATES>, GATES * vectors_per_gate<GATES>,
                             Weights::partial(GATES * vectors_per_gate<GATES>)>;
// A product with the state of the layer below, in the same tiles.
template <class Real, class Weights, int GATES>
using InputTiles = Tiles<Real, Weights, GATES, vectors_per_gate<GATES>, 2, Weights::partial(2)>;
// A product of the output layer, in narrow tiles, so that threads can divide a few columns.
template <class Real, class Weights>
using OutputTiles = Tiles<Real, Weights, 1, Weights::OUTPUT_VECTORS, Weights::OUTPUT_VECTORS, Weights::partial(2)>;

template <class Real, class Weights, class T>
int64_t run_part(const T &tiles, int64_t operation, const zoo_text_rows *rows, int64_t thread, int64_t threads) {
  const zoo_part &part = tiles.part;
  if (operation == ZOO_WORKSPACE) return tiles.count * tiles.tile_bytes();
  if (operation == ZOO_SUMS) return tiles.count * T::VECTORS * T::L * sizeof(Real);
  const int64_t begin = tiles.count * thread / threads, end = tiles.count * (thread + 1) / threads;
  if (operation == ZOO_PACK) {
    for (int64_t tile = begin; tile < end; tile++) tiles.pack(tile);
    return 0;
  }
  const typename T::Operand *x;
  int64_t stride = rows->x_stride;
  const float *scales = nullptr;
  if constexpr (sizeof(typename T::Number) == 1) {
    stride = Weights::depth(part.K);
    char *const scratch = static_cast<char *>(rows->rounded) + thread * rows->capacity * rounded_bytes(part.K);
    float *const row_scales = reinterpret_cast<float *>(scratch);
    int16_t *const rounded = reinterpret_cast<int16_t *>(row_scales + rows->capacity);
    for (int64_t i = 0; i < rows->count; i++) {
      const int64_t row = rows->row[i];
      const float *from = static_cast<const float *>(rows->x) + row * rows->x_stride;
      row_scales[row] = Weights::round(part.K, from, rounded + row * stride);
    }
    x = rounded, scales = row_scales;
  } else {
    x = static_cast<const Real *>(rows->x);
  }
  // Tiles in turns upward and downward: those that were read last are still in a near cache.
  for (int64_t i = begin; i < end; i++) {
    const int64_t tile = rows->backward ? begin + end - 1 - i : i;
    tiles.multiply(*rows, tile, x, stride, scales);
    if (part.kind == ZOO_OUTPUT) tiles.add_bias(*rows, tile);
  }
  return 0;
}

template <class Real, class Weights, int CELL>
int64_t cell_part(int64_t operation, const zoo_part &part, const zoo_text_rows *rows, int64_t thread,
                  int64_t threads) {
  constexpr int GATES = Cell<Real, CELL>::GATES;
  if (part.kind == ZOO_INPUT)
    return run_part<Real, Weights>(InputTiles<Real, Weights, GATES>{part}, operation, rows, thread, threads);
  return run_part<Real, Weights>(RecurrentTiles<Real, Weights, GATES>{part}, operation, rows, thread, threads);
}

template <class Real, class Weights>
int64_t text_part(int64_t operation, const zoo_part &part, const zoo_text_rows *rows, int64_t thread,
                  int64_t threads) {
  if (part.kind == ZOO_OUTPUT)
    return run_part<Real, Weights>(OutputTiles<Real, Weights>{part}, operation, rows, thread, threads);
  switch (part.cell) {
    case ZOO_LSTM: return cell_part<Real, Weights, ZOO_LSTM>(operation, part, rows, thread, threads);
    case ZOO_GRU: return cell_part<Real, Weights, ZOO_GRU>(operation, part, rows, thread, threads);
    default: return cell_part<Real, Weights, ZOO_RNN_TANH>(operation, part, rows, thread, threads);
  }
}

// Applies the cell of a layer to this thread's columns of every row.
template <class Real, int CELL>
void text_cell(const zoo_layer_step &step, const zoo_text_rows &rows, int64_t thread, int64_t threads) {
  typedef Cell<Real, CELL> Equations;
  typedef typename Simd<Real>::V V;
  constexpr int GATES = Equations::GATES, PER_GATE = vectors_per_gate<GATES>, VECTORS = GATES * PER_GATE;
  constexpr int64_t L = lanes<Real>;
  const zoo_layer &layer = *step.layer;
  const int64_t H = layer.hidden_size, G = GATES * H;
  const int64_t count = (H + PER_GATE * L - 1) / (PER_GATE * L);
  const Real *bias = static_cast<const Real *>(layer.bias);
  const auto at = [](void *numbers, int64_t offset) {
    return numbers ? static_cast<Real *>(numbers) + offset : nullptr;
  };
  for (int64_t i = 0; i < rows.count; i++) {
    const int64_t r = rows.row[i], from = (2 * r + step.odd) * H, to = (2 * r + !step.odd) * H;
    Row<Real> row{};
    row.projected = row.gates = at(step.gates, r * G), row.recurrent_n = at(step.recurrent_n, r * H);
    row.hidden = at(layer.hidden, from), row.next_hidden = at(layer.hidden, to);
    row.cell_state = at(layer.cell_state, from), row.next_cell_state = at(layer.cell_state, to);
    row.bias = static_cast<const Real *>(layer.bias_n), row.hidden_size = H;
    const Real *projected = step.table ? static_cast<const Real *>(step.table) + step.symbol[r] * G : nullptr;
    for (int64_t tile = count * thread / threads; tile < count * (thread + 1) / threads; tile++) {
      const int64_t offset = (tile * rows.capacity + r) * VECTORS * L;
      for (int u = 0; u < PER_GATE; u++) {
        const int64_t c = (tile * PER_GATE + u) * L, n = H - c < L ? H - c : L;
        if (n <= 0) break;
        V sums[GATES];
        for (int gate = 0; gate < GATES; gate++) {
          const int64_t column = gate * H + c, vector = offset + (gate * PER_GATE + u) * L;
          V inputs;
          if (projected) {
            inputs = load(projected + column, n);
          } else {
            inputs = load(static_cast<const Real *>(step.inputs) + vector);
            if (bias) inputs += load(bias + column, n);
          }
          store(row.gates + column, inputs, n);
          sums[gate] = load(static_cast<const Real *>(step.sums) + vector);
        }
        Equations::forward(row, c, n, sums);
      }
    }
  }
}

template <class Real>
void text_cells(const zoo_layer_step &step, const zoo_text_rows &rows, int64_t thread, int64_t threads) {
  switch (step.layer->cell) {
    case ZOO_RNN_TANH: return text_cell<Real, ZOO_RNN_TANH>(step, rows, thread, threads);
    case ZOO_RNN_RELU: return text_cell<Real, ZOO_RNN_RELU>(step, rows, thread, threads);
    case ZOO_LSTM: return text_cell<Real, ZOO_LSTM>(step, rows, thread, threads);
    default: return text_cell<Real, ZOO_GRU>(step, rows, thread, threads);
  }
}

}  // namespace

#endif
