// Divides work among more threads than a barrier has lines for: by rows all of them, and by columns as many
// as the barrier takes, which wait for one another in two halves.
#include <cstdio>
#include <vector>

#include "time_loop.h"

namespace {

constexpr int64_t THREADS = 3 * Barrier::MAX_THREADS, ROUNDS = 20;

bool check(bool is_right, const char *what) {
  if (!is_right) std::fprintf(stderr, "%s\n", what);
  return is_right;
}

bool divides_rows() {
  const ThreadGroup group(THREADS, 16 * THREADS + 5, 1, THREADS << 20, 1);
  std::vector<int64_t> taken(group.rows);
  group.for_each_share([&](const ThreadShare &share) {
    for (int64_t row = share.first_row; row < share.last_row; row++) taken[row]++;
  });
  return check(group.by_rows && group.threads == THREADS, "rows are worth all threads") &&
         check(taken == std::vector<int64_t>(group.rows, 1), "each row is of one thread");
}

bool divides_columns() {
  const ThreadGroup group(THREADS, 1, 2 * THREADS, THREADS << 17, 1);
  std::vector<int64_t> round(group.threads);
  int64_t missing = 0;
  group.for_each_share([&](const ThreadShare &share) {
    for (int64_t n = 1; n <= ROUNDS; n++) {
      round[share.thread] = n;
      const int64_t mine = share.arrive();
      share.wait(mine);
      for (int64_t i = 0; i < share.threads; i++)
        if (round[i] != n) __atomic_add_fetch(&missing, 1, __ATOMIC_RELAXED);
      share.synchronize();
    }
  });
  return check(!group.by_rows && group.threads == Barrier::MAX_THREADS, "columns take as many as a barrier") &&
         check(missing == 0, "no thread passes the barrier before all have come");
}

// Few rows of a thread are enough where the weight is in a near cache.
bool divides_columns_of_large_weights() {
  const auto min_rows = [](int64_t hidden_size) {
    zoo_recurrence s{};
    s.hidden_size = hidden_size;
    return TimeLoop<float, ZOO_LSTM, FullPrecision<float>>{s}.min_rows(16);
  };
  return check(min_rows(512) == 16, "16 rows are enough for 4 MB") &&
         check(min_rows(2048) == 32, "32 rows are enough for 64 MB");
}

}  // namespace

int main() { return divides_rows() && divides_columns() && divides_columns_of_large_weights() ? 0 : 1; }
