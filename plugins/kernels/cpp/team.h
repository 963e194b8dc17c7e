// Who does what: threads, and the rows and columns of each.
#ifndef ZOO_TEAM_H
#define ZOO_TEAM_H

#include <stdint.h>

#ifdef _OPENMP
#include <omp.h>
#endif
#include <sched.h>

namespace {

// Where threads wait for each other. After a while of spinning they let others run: with another
// process on the same core, the one waited for could not come.
struct Barrier {
  int64_t waiting = 0, round = 0;

  void wait(int64_t threads) {
    const int64_t now = __atomic_load_n(&round, __ATOMIC_RELAXED);
    if (__atomic_add_fetch(&waiting, 1, __ATOMIC_ACQ_REL) == threads) {
      __atomic_store_n(&waiting, 0, __ATOMIC_RELAXED);
      __atomic_store_n(&round, now + 1, __ATOMIC_RELEASE);
      return;
    }
    for (int64_t spins = 0; __atomic_load_n(&round, __ATOMIC_ACQUIRE) == now; spins++)
      if (spins > 4000) sched_yield();
  }
};

struct Share {
  int64_t thread, threads;
  int64_t first_row, last_row, first_tile, last_tile;
  Barrier *barrier;  // null where no one else's columns are needed

  void meet() const {
    if (barrier) barrier->wait(threads);
  }
};

// The threads that so much work repays, and how it is split among them: a function of the sizes
// alone, so that a result repeats.
struct Team {
  int64_t threads, rows, tiles;
  bool by_rows;

  // Columns are shared out where threads would have fewer than `rows_each` rows.
  Team(int64_t at_most, int64_t rows, int64_t tiles, int64_t products, int64_t steps,
       int64_t rows_each = 16)
      : threads(at_most), rows(rows), tiles(tiles), by_rows(true) {
    constexpr int64_t ALONE = 1 << 20, TOGETHER = 1 << 17;  // products that repay another thread
#ifndef _OPENMP
    threads = 1;
#endif
    if (rows < rows_each * threads) {
      by_rows = threads == 1;
      threads = at_least_one(threads, steps ? products / steps / TOGETHER : 0);
      threads = at_least_one(threads, tiles);
    } else {
      threads = at_least_one(threads, products / ALONE);
    }
    if (threads == 1) by_rows = true;
  }

  static int64_t at_least_one(int64_t a, int64_t b) {
    const int64_t least = a < b ? a : b;
    return least < 1 ? 1 : least;
  }

  // Calls task(thread, of) in every thread.
  template <class Task> void each(Task task) const {
    if (threads == 1) return task(0, 1);
#ifdef _OPENMP
#pragma omp parallel num_threads(int(threads))
    {
      // where fewer came than were asked for, each does several parts
      const int64_t came = omp_get_num_threads();
      for (int64_t i = omp_get_thread_num(); i < threads; i += came) task(i, threads);
    }
#endif
  }

  // Calls task(share) in every thread.
  template <class Task> void share(Task task) const {
    if (threads == 1) return task({0, 1, 0, rows, 0, tiles, nullptr});
#ifdef _OPENMP
    Barrier barrier;
#pragma omp parallel num_threads(int(threads))
    {
      const int64_t of = omp_get_num_threads(), i = omp_get_thread_num();
      if (by_rows)
        task({i, of, rows * i / of, rows * (i + 1) / of, 0, tiles, nullptr});
      else
        task({i, of, 0, rows, tiles * i / of, tiles * (i + 1) / of, &barrier});
    }
#endif
  }
};

}  // namespace

#endif
