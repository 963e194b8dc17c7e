// Packs weights of odd sizes, with NaN, infinities and subnormal numbers among them, and compares every
// bit with a plain loop that takes one number after the other.
#include <cstdio>
#include <cstdlib>
#include <random>
#include <vector>

#include "bf16.h"

namespace {

std::mt19937_64 generator(0);

// Numbers of any bits, so that each kind of number comes up.
template <class Real> std::vector<Real> any_bits(int64_t count) {
  std::vector<Real> numbers(count);
  for (Real &number : numbers) {
    const uint64_t bits = generator();
    memcpy(&number, &bits, sizeof number);
  }
  return numbers;
}

// Each vector holds the first of `rows` rows of W, (NV · rows, K), as a gate of a cell does.
template <class Real> struct Packed {
  int64_t K, rows;
  int NV;
  std::vector<Real> weight = any_bits<Real>(NV * rows * K);
  std::vector<int64_t> first, last;

  Packed(int64_t K, int64_t rows, int NV) : K(K), rows(rows), NV(NV) {
    for (int v = 0; v < NV; v++) first.push_back(v * rows), last.push_back((v + 1) * rows);
  }

  template <class Number>
  void expect(const std::vector<Number> &actual, const std::vector<Number> &expected) const {
    if (!memcmp(actual.data(), expected.data(), expected.size() * sizeof(Number))) return;
    std::fprintf(stderr, "%ld bytes a number, K %ld rows %ld vectors %d\n", long(sizeof(Number)), long(K),
                 long(rows), NV);
    std::exit(1);
  }

  Real number(int64_t k, int v, int64_t lane) const {
    return lane < rows && k < K ? weight[(first[v] + lane) * K + k] : Real(0);
  }

  void check() const {
    constexpr int64_t L = lanes<Real>;
    std::vector<Real> actual(K * NV * L), expected;
    pack_rows(K, NV, first.data(), last.data(), weight.data(), actual.data());
    for (int64_t k = 0; k < K; k++)
      for (int v = 0; v < NV; v++)
        for (int64_t lane = 0; lane < L; lane++) expected.push_back(number(k, v, lane));
    expect(actual, expected);
  }

  void check_bf16(int64_t depth) const {
    constexpr int64_t L = lanes<float>;
    std::vector<uint16_t> actual(depth * NV * L), expected;
    pack_bf16_rows(K, depth, NV, first.data(), last.data(), weight.data(), actual.data());
    for (int64_t k = 0; k < depth; k += 2)
      for (int v = 0; v < NV; v++)
        for (int64_t lane = 0; lane < L; lane++)
          for (int64_t i = 0; i < 2; i++) expected.push_back(to_bf16(number(k + i, v, lane)));
    expect(actual, expected);
  }
};

}  // namespace

int main() {
  for (int64_t K : {1, 2, 3, 7, 8, 15, 16, 17, 31, 64, 65, 130})
    for (int64_t rows : {1, 2, 3, 5, 8, 13, 16, 20})
      for (int NV = 1; NV <= 4; NV++) {
        Packed<double>(K, rows, NV).check();
        const Packed<float> packed(K, rows, NV);
        packed.check();
        packed.check_bf16((K + 1) / 2 * 2), packed.check_bf16((K + 31) / 32 * 32);
      }
}
