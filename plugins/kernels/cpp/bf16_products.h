// Products in bfloat16 with sums in float.
#ifndef ZOO_BF16_PRODUCTS_H
#define ZOO_BF16_PRODUCTS_H

#include "bf16.h"
#include "bf16_dot.h"
#include "product.h"

namespace {

// The interface is that of FullPrecision, in product.h. In a packed weight the numbers of two
// successive k lie side by side for each column: (depth / 2, NV vectors, 2).
struct Bf16Products {
  typedef uint16_t Number, Operand;
  static constexpr bool COPIES_ROWS = true, HAS_SUMS_IN_REGISTERS = false;
  static constexpr int64_t MIN_ROWS_PER_THREAD = ZOO_AMX ? 64 : 16;

  static int64_t depth(int64_t K) { return (K + TILE_DEPTH - 1) / TILE_DEPTH * TILE_DEPTH; }
  static void begin() { tiles_begin(); }
  static void end() { tiles_end(); }

  static void copy(int64_t n, const float *from, uint16_t *to) {
    for (int64_t i = 0; i < n; i++) to[i] = to_bf16(from[i]);
  }

  template <int NV>
  static void product(int64_t rows, int64_t K, const uint16_t *w, const uint16_t *a, int64_t lda,
                      float *c, bool) {
    if (ZOO_AMX) return tiles_product<NV>(rows, K, w, a, lda, c);
    for (int64_t r = 0; r < rows; r += 4) {
      if (rows - r >= 4)
        pairs_product<4, NV>(K, w, a + r * lda, lda, c + r * NV * SUMS);
      else
        for (int64_t i = r; i < rows; i++)
          pairs_product<1, NV>(K, w, a + i * lda, lda, c + i * NV * SUMS);
    }
  }

  // The position of W's row k and of a column in a packed tile.
  template <int NV> static int64_t position(int64_t k, int64_t column) {
    return (k / PAIR * NV * SUMS + column) * PAIR + k % PAIR;
  }

  template <int NV>
  static void pack(int64_t K, int64_t width, int64_t column, const float *from, int64_t row,
                   uint16_t *to) {
    constexpr int64_t N = NV * SUMS;
    const int64_t n = width - column < N ? width - column : N;
    for (int64_t k = row; k < row + K; k++) {
      const float *upper = from + (k - row) * width + column;
      for (int64_t i = n; i < N; i++) to[position<NV>(k, i)] = 0;
      if (k % PAIR == 0 && k + 1 < row + K) {
        const float *lower = upper + width;
        uint16_t *both = to + position<NV>(k, 0);
        for (int64_t i = 0; i < n; i++)
          both[2 * i] = to_bf16(upper[i]), both[2 * i + 1] = to_bf16(lower[i]);
        for (int64_t i = n; i < N; i++) both[2 * i + 1] = 0;
        k++;
      } else {
        for (int64_t i = 0; i < n; i++) to[position<NV>(k, i)] = to_bf16(upper[i]);
      }
    }
    for (int64_t k = row + K; k < depth(row + K); k++)
      for (int64_t i = 0; i < N; i++) to[position<NV>(k, i)] = 0;
  }

  template <int NV>
  static void pack_transposed(int64_t K, const int64_t *first, const int64_t *last,
                              const float *from, uint16_t *to) {
    constexpr int64_t PAIRS = TILE_DEPTH / PAIR;
    for (int64_t k = 0; k < K; k += TILE_DEPTH)
      for (int v = 0; v < NV; v++) {
        uint32_t pairs[SUMS][PAIRS] = {};
        const int64_t n = K - k < TILE_DEPTH ? K - k : TILE_DEPTH;
        for (int64_t i = 0; i < SUMS && first[v] + i < last[v]; i++) {
          uint16_t row[TILE_DEPTH] = {};
          copy(n, from + (first[v] + i) * K + k, row);
          memcpy(pairs[i], row, sizeof row);
        }
        for (int64_t p = 0; p < PAIRS; p++) {
          uint32_t line[SUMS];
          for (int64_t i = 0; i < SUMS; i++) line[i] = pairs[i][p];
          memcpy(to + position<NV>(k + p * PAIR, v * SUMS), line, sizeof line);
        }
      }
  }
};

}  // namespace

#endif
