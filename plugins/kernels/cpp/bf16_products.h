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

  // Rows by 4 vectors at a time. More sums would not be faster: these keep the multiplier busy.
  static constexpr int MAX_ROWS = 4;

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
    for (int64_t r = 0; r < rows; r += MAX_ROWS)
      pairs_product_up_to<MAX_ROWS, NV>(rows - r, K, w, a + r * lda, lda, c + r * NV * SUMS);
  }

  // The position of W's row k and of a column in a packed tile.
  template <int NV> static int64_t position(int64_t k, int64_t column) {
    return (k / PAIR * NV * SUMS + column) * PAIR + k % PAIR;
  }

  template <int NV>
  static void pack(int64_t K, int64_t width, int64_t column, const float *from, int64_t row,
                   uint16_t *to) {
    constexpr int64_t N = NV * SUMS;
    const int64_t n = width - column < N ? width - column : N, end = row + K;
    from += column;
    for (int64_t k = row; k < end; k++, from += width) {
      if (k % PAIR == 0 && k + 1 < end) {
        for (int v = 0; v < NV; v++) {
          const float *upper = from + v * SUMS, *lower = upper + width;
          const BitsVector pairs =
              bf16_pairs(load(upper, n - v * SUMS), load(lower, n - v * SUMS));
          memcpy(to + position<NV>(k, v * SUMS), &pairs, sizeof pairs);
        }
        k++, from += width;
      } else {
        for (int64_t i = 0; i < N; i++) to[position<NV>(k, i)] = i < n ? to_bf16(from[i]) : 0;
      }
    }
    for (int64_t k = end; k < depth(end); k++)
      for (int64_t i = 0; i < N; i++) to[position<NV>(k, i)] = 0;
  }

  template <int NV>
  static void pack_transposed(int64_t K, const int64_t *first, const int64_t *last,
                              const float *from, uint16_t *to) {
    pack_bf16_rows(K, depth(K), NV, first, last, from, to);
  }
};

}  // namespace

#endif
