// The sweeps once more, as plain loops in double, to hold the others to.
#ifndef ZOO_NATIVE_LOOP_H
#define ZOO_NATIVE_LOOP_H

#include <cmath>
#include <vector>

#include "sweep.h"

// Laid out as zoo_sweep says; vectors that a cell has no use for are never looked at.
struct Loop {
  zoo_sweep s;
  std::vector<double> weight, bias, gates, inner, hidden, memory, d_gates, d_hidden, d_memory;

  int64_t H = s.width, G = s.cell == ZOO_LSTM ? 4 * H : s.cell == ZOO_GRU ? 3 * H : H;

  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

  // Calls each(row and step, row, slot before, slot after) in order, or the other way round.
  template <class Each> void walk(bool back, Each each) const {
    for (int64_t i = 0; i < s.steps; i++) {
      const int64_t t = bool(s.reverse) != back ? s.steps - 1 - i : i;
      for (int64_t r = 0; r < (s.sizes ? s.sizes[t] : s.rows); r++) {
        const int64_t here = t * s.rows + r, next = here + s.rows;
        each(here, r, (s.reverse ? next : here) * H, (s.reverse ? here : next) * H);
      }
    }
  }

  // Row g of the weight times a state.
  double product(int64_t g, int64_t from) const {
    double total = 0;
    for (int64_t k = 0; k < H; k++) total += weight[g * H + k] * hidden[from + k];
    return total;
  }

  void forth() {
    walk(false, [&](int64_t here, int64_t, int64_t from, int64_t to) {
      for (int64_t h = 0; h < H; h++) {
        double *p = &gates[here * G + h], &after = hidden[to + h];
        const double first = p[0] + product(h, from);
        if (s.cell == ZOO_RNN_TANH) after = std::tanh(first);
        if (s.cell == ZOO_RNN_RELU) after = std::fmax(first, 0);
        if (s.cell == ZOO_LSTM) {
          const double i = p[0] = sigmoid(first), f = p[H] = sigmoid(p[H] + product(H + h, from));
          const double g = p[2 * H] = std::tanh(p[2 * H] + product(2 * H + h, from));
          const double o = p[3 * H] = sigmoid(p[3 * H] + product(3 * H + h, from));
          memory[to + h] = f * memory[from + h] + i * g;
          after = o * std::tanh(memory[to + h]);
        }
        if (s.cell == ZOO_GRU) {
          const double r = p[0] = sigmoid(first), z = p[H] = sigmoid(p[H] + product(H + h, from));
          const double q = inner[here * H + h] = product(2 * H + h, from) + bias[h];
          const double n = p[2 * H] = std::tanh(p[2 * H] + r * q);
          after = (1 - z) * n + z * hidden[from + h];
        }
      }
    });
  }

  void back() {
    const int64_t D = s.cell == ZOO_GRU ? 4 * H : G;
    walk(true, [&](int64_t here, int64_t row, int64_t from, int64_t to) {
      for (int64_t h = 0; h < H; h++) {
        const double *p = &gates[here * G + h], after = hidden[to + h], d_h = d_hidden[to + h];
        double *d = &d_gates[here * D + h];
        if (s.cell == ZOO_RNN_TANH) d[0] = d_h * (1 - after * after);
        if (s.cell == ZOO_RNN_RELU) d[0] = after > 0 ? d_h : 0;
        if (s.cell == ZOO_LSTM) {
          const double i = p[0], f = p[H], g = p[2 * H], o = p[3 * H];
          const double squashed = std::tanh(memory[to + h]);
          double &d_c = d_memory[row * H + h];
          d_c += d_h * o * (1 - squashed * squashed);
          d[0] = d_c * g * i * (1 - i), d[H] = d_c * memory[from + h] * f * (1 - f);
          d[2 * H] = d_c * i * (1 - g * g), d[3 * H] = d_h * squashed * o * (1 - o);
          d_c *= f;
        }
        if (s.cell == ZOO_GRU) {
          const double r = p[0], z = p[H], n = p[2 * H], q = inner[here * H + h];
          d[3 * H] = d_h * (1 - z) * (1 - n * n), d[0] = d[3 * H] * r;
          d[H] = d[3 * H] * q * r * (1 - r);
          d[2 * H] = d_h * (hidden[from + h] - n) * z * (1 - z);
          d_hidden[from + h] += d_h * z;
        }
      }
      for (int64_t g = 0; g < G; g++) {
        const int64_t lies = s.cell == ZOO_GRU ? (g + H) % G : g;  // q r z, but W is r z n
        for (int64_t k = 0; k < H; k++)
          d_hidden[from + k] += d_gates[here * D + lies] * weight[g * H + k];
      }
    });
  }
};

#endif
