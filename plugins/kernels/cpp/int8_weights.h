// Weights of the text loop in 8-bit integers, with one scale for each row of the weight.
//
// What they are multiplied with is rounded to 16 bits, with one scale for each vector, so that the
// sums are sums of integers: exact, and the same whatever their order.
#ifndef ZOO_INT8_WEIGHTS_H
#define ZOO_INT8_WEIGHTS_H

#include "plain_weights.h"

#if defined __SSE2__
#include <immintrin.h>
#endif

namespace {

// sums (L) += w (L pairs) · x (a pair)
ZOO_INLINE Simd<float>::I int8_pairs_add(Simd<float>::I sums, const int8_t *w, const int16_t *x) {
  typedef Simd<float>::I I;
#if ZOO_VECTOR_BYTES == 64 && defined __AVX512BW__
  int pair;
  memcpy(&pair, x, sizeof pair);
  const __m512i wide = _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i *>(w)));
  return sums + I(_mm512_madd_epi16(wide, _mm512_set1_epi32(pair)));
#elif ZOO_VECTOR_BYTES == 32 && defined __AVX2__
  int pair;
  memcpy(&pair, x, sizeof pair);
  const __m256i wide = _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i *>(w)));
  return sums + I(_mm256_madd_epi16(wide, _mm256_set1_epi32(pair)));
#elif ZOO_VECTOR_BYTES == 16 && defined __SSE2__
  int pair;
  memcpy(&pair, x, sizeof pair);
  const __m128i narrow = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(w));
  const __m128i wide = _mm_srai_epi16(_mm_unpacklo_epi8(narrow, narrow), 8);
  return sums + I(_mm_madd_epi16(wide, _mm_set1_epi32(pair)));
#else
  for (int64_t lane = 0; lane < lanes<float>; lane++)
    sums[lane] += int32_t(w[2 * lane]) * x[0] + int32_t(w[2 * lane + 1]) * x[1];
  return sums;
#endif
}

// The interface is that of PlainWeights. In a packed chunk the numbers of two successive k lie side by
// side for each column, (depth / 2, NV vectors, 2), and the scales of the columns follow.
struct Int8Weights {
  typedef int8_t Stored, Number;
  typedef int16_t Operand;
  static constexpr int64_t L = lanes<float>, BLOCK = 512;
  static constexpr int partial(int) { return 1; }
  // Of a tile of the output layer. With one vector, converting would take longer than reading.
  static constexpr int OUTPUT_VECTORS = 2;

  static int64_t depth(int64_t K) { return (K + 1) / 2 * 2; }
  static int64_t chunk_bytes(int64_t K, int NV) { return depth(K) * NV * L + NV * L * sizeof(float); }

  template <int NV, int> struct Sums {
    Simd<float>::I sums[NV];

    ZOO_MEMBER void clear() { memset(sums, 0, sizeof sums); }

    ZOO_MEMBER void add(int64_t K, const int8_t *w, const int16_t *x) {
      for (int64_t k = 0; k < K; k += 2)
#pragma GCC unroll 16
        for (int v = 0; v < NV; v++)
          sums[v] = int8_pairs_add(sums[v], w + (k * NV + v * 2) * L, x + k);
    }

    ZOO_MEMBER void store_to(float *to, const int8_t *scales, float row_scale) const {
#pragma GCC unroll 16
      for (int v = 0; v < NV; v++) {
        Simd<float>::V scale;
        memcpy(&scale, scales + v * L * sizeof(float), sizeof scale);
        store(to + v * L, __builtin_convertvector(sums[v], Simd<float>::V) * (scale * row_scale));
      }
    }
  };

  static void pack(int64_t K, int NV, const int64_t *first, const int64_t *last, const int8_t *from,
                   const float *scales, int8_t *to) {
    for (int v = 0; v < NV; v++)
      for (int64_t lane = 0; lane < L; lane++) {
        const bool is_supported = first[v] + lane < last[v];
        const int8_t *row = from + (first[v] + lane) * K;
        for (int64_t k = 0; k < depth(K); k++)
          to[(k / 2 * NV * L + v * L + lane) * 2 + k % 2] = is_supported && k < K ? row[k] : 0;
        const float scale = is_supported ? scales[first[v] + lane] : 0;
        memcpy(to + depth(K) * NV * L + (v * L + lane) * sizeof scale, &scale, sizeof scale);
      }
  }

  // Rounds x (K) to integers (depth) and returns their scale. They are as large as sums of K products
  // in 32 bits allow, and at most 16 bits. The scale of numbers that are not finite is not a number.
  static float round(int64_t K, const float *x, int16_t *to) {
    typedef Simd<float>::V V;
    V most = {}, not_finite = {};
    for (int64_t k = 0; k < K; k += L) {
      const V number = load(x + k, K - k);
      const V size = number < 0 ? -number : number;
      most = size > most ? size : most;
      not_finite += number - number;
    }
    float largest = 0, sum = 0;
    for (int64_t lane = 0; lane < L; lane++) {
      largest = most[lane] > largest ? most[lane] : largest;
      sum += not_finite[lane];
    }
    int64_t limit = INT32_MAX / (127 * (K > 0 ? K : 1));
    limit = limit < INT16_MAX ? limit : INT16_MAX;
    const bool is_zero = sum != 0 || largest < 1e-30f;
    const float scale = is_zero ? 0 : limit / largest;
    for (int64_t k = 0; k < K; k += L) {
      const float shift = 12582912.f;  // 1.5 · 2^23: adding and subtracting it rounds
      const V number = is_zero ? V{} : load(x + k, K - k);
      const Simd<float>::I rounded = __builtin_convertvector((number * scale + shift) - shift, Simd<float>::I);
      for (int64_t lane = 0; lane < L && k + lane < K; lane++) to[k + lane] = int16_t(rounded[lane]);
    }
    for (int64_t k = K; k < depth(K); k++) to[k] = 0;
    return sum != 0 ? NAN : is_zero ? 0 : largest / limit;
  }
};

}  // namespace

#endif
