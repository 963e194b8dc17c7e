// The recurrences as plain loops in double: the reference for the compiled ones.
#ifndef ZOO_NATIVE_LOOP_H
#define ZOO_NATIVE_LOOP_H

#include <algorithm>
#include <cmath>
#include <vector>

#include "recurrence.h"

// The layout is that of zoo_recurrence, but for d_outputs, which is (T, B, H). Vectors that a cell does
// not use are never read.
struct PlainLoop {
  zoo_recurrence s;
  std::vector<double> weight, bias, gates, recurrent_n, hidden, cell_state;
  std::vector<double> d_gates, d_outputs, d_hidden, d_cell_state;

  int64_t H = s.hidden_size, G = s.cell == ZOO_LSTM ? 4 * H : s.cell == ZOO_GRU ? 3 * H : H;

  static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

  // Calls task(index of row and step, row, state before, state after) in order, or backward.
  template <class Task> void for_each_step(bool backward, Task task) const {
    for (int64_t i = 0; i < s.steps; i++) {
      const int64_t t = bool(s.reverse) != backward ? s.steps - 1 - i : i;
      for (int64_t r = 0; r < (s.batch_sizes ? s.batch_sizes[t] : s.rows); r++) {
        const int64_t current = t * s.rows + r, next = current + s.rows;
        task(current, r, (s.reverse ? next : current) * H, (s.reverse ? current : next) * H);
      }
    }
  }

  // Row g of the weight times a state.
  double product(int64_t g, int64_t from) const {
    double total = 0;
    for (int64_t k = 0; k < H; k++) total += weight[g * H + k] * hidden[from + k];
    return total;
  }

  void forward() {
    for_each_step(false, [&](int64_t current, int64_t, int64_t from, int64_t to) {
      for (int64_t h = 0; h < H; h++) {
        double *p = &gates[current * G + h], &after = hidden[to + h];
        const double first = p[0] + product(h, from);
        if (s.cell == ZOO_RNN_TANH) after = std::tanh(first);
        if (s.cell == ZOO_RNN_RELU) after = std::fmax(first, 0);
        if (s.cell == ZOO_LSTM) {
          const double i = p[0] = sigmoid(first), f = p[H] = sigmoid(p[H] + product(H + h, from));
          const double g = p[2 * H] = std::tanh(p[2 * H] + product(2 * H + h, from));
          const double o = p[3 * H] = sigmoid(p[3 * H] + product(3 * H + h, from));
          cell_state[to + h] = f * cell_state[from + h] + i * g;
          after = o * std::tanh(cell_state[to + h]);
        }
        if (s.cell == ZOO_GRU) {
          const double r = p[0] = sigmoid(first), z = p[H] = sigmoid(p[H] + product(H + h, from));
          const double q = recurrent_n[current * H + h] = product(2 * H + h, from) + bias[h];
          const double n = p[2 * H] = std::tanh(p[2 * H] + r * q);
          after = (1 - z) * n + z * hidden[from + h];
        }
      }
    });
  }

  void backward() {
    const int64_t D = s.cell == ZOO_GRU ? 4 * H : G;
    for_each_step(true, [&](int64_t current, int64_t row, int64_t from, int64_t to) {
      std::vector<double> d_before(H);
      for (int64_t h = 0; h < H; h++) {
        const double *p = &gates[current * G + h], after = hidden[to + h];
        const double d_h = d_hidden[row * H + h] + d_outputs[current * H + h];
        double *d = &d_gates[current * D + h];
        if (s.cell == ZOO_RNN_TANH) d[0] = d_h * (1 - after * after);
        if (s.cell == ZOO_RNN_RELU) d[0] = after > 0 ? d_h : 0;
        if (s.cell == ZOO_LSTM) {
          const double i = p[0], f = p[H], g = p[2 * H], o = p[3 * H];
          const double tanh_c = std::tanh(cell_state[to + h]);
          double &d_c = d_cell_state[row * H + h];
          d_c += d_h * o * (1 - tanh_c * tanh_c);
          d[0] = d_c * g * i * (1 - i), d[H] = d_c * cell_state[from + h] * f * (1 - f);
          d[2 * H] = d_c * i * (1 - g * g), d[3 * H] = d_h * tanh_c * o * (1 - o);
          d_c *= f;
        }
        if (s.cell == ZOO_GRU) {
          const double r = p[0], z = p[H], n = p[2 * H], q = recurrent_n[current * H + h];
          d[3 * H] = d_h * (1 - z) * (1 - n * n), d[0] = d[3 * H] * r;
          d[H] = d[3 * H] * q * r * (1 - r);
          d[2 * H] = d_h * (hidden[from + h] - n) * z * (1 - z);
          d_before[h] = d_h * z;
        }
      }
      for (int64_t g = 0; g < G; g++) {
        const int64_t column = s.cell == ZOO_GRU ? (g + H) % G : g;  // d_gates is q r z, W is r z n
        for (int64_t k = 0; k < H; k++)
          d_before[k] += d_gates[current * D + column] * weight[g * H + k];
      }
      std::copy(d_before.begin(), d_before.end(), d_hidden.begin() + row * H);
    });
  }
};

#endif
