// The cross entropy of classes, its gradient with respect to the logits, and the count of correct
// targets, in one pass: a row of logits stays in the nearest cache until all of it is done.
//
// With p the softmax of a row's logits x, y its target, w the weights of the classes, ε the smoothing
// and C the number of classes, the row's loss is
//
//   (1 - ε) w_y (-ln p_y) + ε / C Σ_c w_c (-ln p_c)
//
// and the gradient of the mean over all rows, with W = Σ w_y,
//
//   ((1 - ε) w_y (p_c - [c = y]) + ε / C (p_c Σ w - w_c)) / W
#ifndef ZOO_CLASS_LOSS_H
#define ZOO_CLASS_LOSS_H

#include "bf16.h"
#include "dispatch.h"
#include "threads.h"

namespace {

// Vectors of numbers that are stored as they are, or in bfloat16.
template <class Real> ZOO_INLINE typename Simd<Real>::V load_stored(const Real *from, int64_t n) {
  return load(from, n);
}
template <class Real>
ZOO_INLINE void store_stored(Real *to, typename Simd<Real>::V v, int64_t n) {
  store(to, v, n);
}

typedef uint16_t Bf16Vector __attribute__((vector_size(ZOO_VECTOR_BYTES / 2)));

ZOO_INLINE Simd<float>::V load_stored(const uint16_t *from, int64_t n) {
  Bf16Vector halves{};
  memcpy(&halves, from, (n < lanes<float> ? n : lanes<float>) * sizeof *from);
  const BitsVector bits = __builtin_convertvector(halves, BitsVector) << 16;
  Simd<float>::V v;
  memcpy(&v, &bits, sizeof v);
  return v;
}

// Rounds as to_bf16 does.
ZOO_INLINE void store_stored(uint16_t *to, Simd<float>::V v, int64_t n) {
  const Bf16Vector halves = __builtin_convertvector(round_to_bf16(v) >> 16, Bf16Vector);
  memcpy(to, &halves, (n < lanes<float> ? n : lanes<float>) * sizeof *to);
}

// e^x for x <= 0, and 0 where simd_exp stops falling. A NaN stays a NaN.
ZOO_INLINE Simd<float>::V exp_of_negative(Simd<float>::V x) {
  const Simd<float>::V power = simd_exp(x);
  return x < -87.f ? Simd<float>::V{} : power;
}
ZOO_INLINE Simd<double>::V exp_of_negative(Simd<double>::V x) { return simd_exp(x); }

// Numbers of the type Real, stored as they are or in bfloat16.
template <class Real, class Stored> struct ClassLoss {
  typedef typename Simd<Real>::V V;
  static constexpr int64_t L = lanes<Real>;
  static constexpr bool CONVERTS = sizeof(Real) != sizeof(Stored);
  static constexpr int64_t BLOCK_ROWS = 64;  // rows whose sums are added up before all others
  static constexpr int64_t MIN_WORK_PER_THREAD = 1 << 15;  // in logits: tens of microseconds

  struct Sums {
    double loss, plain_loss;
    int64_t correct;
  };

  zoo_class_loss &s;
  const int64_t N = s.rows, C = s.classes;
  const int64_t blocks = (N + BLOCK_ROWS - 1) / BLOCK_ROWS;
  const Real *const weights = static_cast<const Real *>(s.weights);
  const Real smoothing = Real(s.smoothing), share = Real(s.smoothing / C);
  Real all_weights = Real(C);

  // The workspace holds the sums of each block, and two rows of numbers for each thread.
  int64_t workspace_bytes() const {
    return blocks * sizeof(Sums) + s.threads * 2 * C * sizeof(Real);
  }
  Sums *block_sums() const { return static_cast<Sums *>(s.workspace); }
  Real *scratch(int64_t thread) const {
    return reinterpret_cast<Real *>(block_sums() + blocks) + thread * 2 * C;
  }

  // Counts the targets. Returns whether all of them are classes.
  bool count() {
    s.counted = 0, s.weight = 0;
    for (int64_t i = 0; i < N; i++) {
      const int64_t y = s.targets[i];
      if (y == s.ignored) continue;
      if (y < 0 || y >= C) return false;
      s.counted++;
      s.weight += weights ? double(weights[y]) : 1;
    }
    if (weights) {
      all_weights = 0;
      for (int64_t c = 0; c < C; c++) all_weights += weights[c];
    }
    return true;
  }

  // Whether y is the first of the largest logits. A NaN counts as larger than all others.
  bool is_predicted(const Real *x, int64_t y, Real largest, bool has_nan) const {
    if (has_nan)
      for (int64_t c = 0; c < C; c++)
        if (x[c] != x[c]) return c == y;
    if (x[y] != largest) return false;
    for (int64_t c = 0; c < y; c++)
      if (x[c] == largest) return false;
    return true;
  }

  // Whether the softmax of a row has no NaN: all logits are below infinity, and one is above -∞.
  bool has_softmax(const Stored *logits) const {
    bool any = false;
    for (int64_t c = 0; c < C; c += L) {
      const V x = load_stored(logits + c, C - c);
      for (int64_t k = 0; k < L && c + k < C; k++) {
        if (!(x[k] < Real(INFINITY))) return false;
        any |= x[k] > Real(-INFINITY);
      }
    }
    return any;
  }

  // Adds a row to the sums and writes its gradient.
  void row(int64_t i, Real *scratch, Sums &sums) const {
    const int64_t y = s.targets[i];
    Stored *grad = s.grad ? static_cast<Stored *>(s.grad) + i * C : nullptr;
    const Stored *logits = static_cast<const Stored *>(s.logits) + i * C;
    if (y == s.ignored) {
      // the product of 0 with the softmax, as in torch: a NaN where that has one
      const Real zero = has_softmax(logits) ? Real(0) : Real(NAN);
      for (int64_t c = 0; grad && c < C; c += L)
        store_stored(grad + c, broadcast(zero), C - c);
      return;
    }
    V largest_of_lane = broadcast(Real(-INFINITY));
    Real largest = Real(-INFINITY);
    for (int64_t c = 0; c < C; c += L) {
      const V next = load_stored(logits + c, C - c);
      if constexpr (CONVERTS) store(scratch + c, next, C - c);
      if (C - c >= L)
        largest_of_lane = next > largest_of_lane ? next : largest_of_lane;
      else
        for (int64_t k = 0; k < C - c; k++) largest = next[k] > largest ? next[k] : largest;
    }
    for (int64_t k = 0; k < L; k++)
      largest = largest_of_lane[k] > largest ? largest_of_lane[k] : largest;
    const Real *x;
    Real *powers = scratch + C;  // e^(x - largest)
    if constexpr (CONVERTS) {
      x = scratch;
    } else {
      x = logits;
      if (grad) powers = grad;
    }
    V totals{};
    Real total = 0;
    for (int64_t c = 0; c < C; c += L) {
      const V power = exp_of_negative(load(x + c, C - c) - largest);
      store(powers + c, power, C - c);
      if (C - c >= L)
        totals += power;
      else
        for (int64_t k = 0; k < C - c; k++) total += power[k];
    }
    total += sum<Real>(totals);

    const Real log_total = log(total), w = weights ? weights[y] : Real(1);
    const Real plain_loss = log_total - (x[y] - largest);
    Real loss = (1 - smoothing) * w * plain_loss;
    if (smoothing > 0) {
      Real of_all = 0;
      for (int64_t c = 0; c < C; c++)
        of_all += (weights ? weights[c] : Real(1)) * (log_total - (x[c] - largest));
      loss += share * of_all;
    }
    sums.loss += double(loss);
    sums.plain_loss += double(plain_loss);
    sums.correct += is_predicted(x, y, largest, total != total);
    if (!grad) return;

    const Real scale = Real(1 / s.weight), target = (1 - smoothing) * w;
    const Real factor = (target + share * all_weights) * scale / total;
    Real d_target = powers[y] * factor - target * scale;
    if (smoothing > 0) d_target -= w * (share * scale);
    for (int64_t c = 0; c < C; c += L) {
      V d = load(powers + c, C - c) * factor;
      if (smoothing > 0)
        d -= (weights ? load(weights + c, C - c) : broadcast(Real(1))) * (share * scale);
      store_stored(grad + c, d, C - c);
    }
    store_stored(grad + y, broadcast(d_target), 1);
  }

  // Returns whether all targets are classes; if one is not, nothing is computed.
  bool run() {
    if (!count()) return false;
    const int64_t work = N * C / MIN_WORK_PER_THREAD;
    const int64_t threads = ThreadGroup::at_least_one(s.threads, work < blocks ? work : blocks);
    ThreadGroup(threads).for_each_thread([&](int64_t thread, int64_t threads) {
      for (int64_t b = blocks * thread / threads; b < blocks * (thread + 1) / threads; b++) {
        Sums sums = {};
        const int64_t end = (b + 1) * BLOCK_ROWS < N ? (b + 1) * BLOCK_ROWS : N;
        for (int64_t i = b * BLOCK_ROWS; i < end; i++) row(i, scratch(thread), sums);
        block_sums()[b] = sums;
      }
    });
    Sums all = {};
    for (int64_t b = 0; b < blocks; b++) {
      const Sums &sums = block_sums()[b];
      all.loss += sums.loss, all.plain_loss += sums.plain_loss, all.correct += sums.correct;
    }
    const Real total = Real(all.loss);  // infinite where torch's is, which adds up in this type
    s.loss = total - total == 0 ? all.loss / s.weight : double(total);
    s.plain_loss = all.plain_loss, s.correct = all.correct;
    return true;
  }
};

template <class Real, class Stored> int64_t class_loss(int64_t operation, zoo_class_loss &s) {
  ClassLoss<Real, Stored> loss{s};
  return operation == ZOO_WORKSPACE ? loss.workspace_bytes() : loss.run();
}

}  // namespace

#endif
