// Divides work among threads: the rows and columns of each, and a barrier.
#ifndef ZOO_THREADS_H
#define ZOO_THREADS_H

#include <stdint.h>

#ifdef _OPENMP
#include <omp.h>
#endif
#include <sched.h>

namespace {

// A barrier that spins. After a while it yields: if another process occupies the core, the thread
// that is waited for could not run otherwise.
//
// Each thread counts its rounds in a cache line of its own, which no other thread writes. A line takes
// 50 to 250 ns from one core to another, so a counter that all threads change takes several times that.
struct Barrier {
  static constexpr int64_t MAX_THREADS = 64;

  struct alignas(128) Line {  // two of 64 bytes: some processors fetch them together
    int64_t rounds;
  };
  Line lines[MAX_THREADS];

  explicit Barrier(int64_t threads) {
    for (int64_t i = 0; i < threads; i++) lines[i].rounds = 0;
  }

  // Says that a thread has come. Returns the round to wait for, when it needs what the others did.
  int64_t arrive(int64_t thread) {
    const int64_t round = lines[thread].rounds + 1;
    __atomic_store_n(&lines[thread].rounds, round, __ATOMIC_RELEASE);
    return round;
  }

  void wait(int64_t round, int64_t threads) const {
    for (int64_t i = 0; i < threads; i++)
      for (int64_t spins = 0; __atomic_load_n(&lines[i].rounds, __ATOMIC_ACQUIRE) < round; spins++)
        if (spins > 4000) sched_yield();
  }
};

// What one thread works on: rows [first_row, last_row) and column tiles [first_tile, last_tile).
struct ThreadShare {
  int64_t thread, threads;
  int64_t first_row, last_row, first_tile, last_tile;
  Barrier *barrier;  // null where no thread needs the columns of another

  void synchronize() const { wait(arrive()); }

  // The two halves of `synchronize`: between them, a thread may do what needs no other thread.
  int64_t arrive() const { return barrier ? barrier->arrive(thread) : 0; }
  void wait(int64_t round) const {
    if (barrier) barrier->wait(round, threads);
  }
};

// The number of threads that some work is worth, and how it is divided among them. Both depend on
// the sizes alone, so results repeat.
struct ThreadGroup {
  int64_t threads, rows, tiles;
  bool by_rows;

  // Columns are divided where threads would have fewer than `min_rows` rows each.
  ThreadGroup(int64_t max_threads, int64_t rows, int64_t tiles, int64_t products, int64_t steps,
       int64_t min_rows = 16)
      : threads(max_threads), rows(rows), tiles(tiles), by_rows(true) {
    // in multiplications: by rows for all steps, by columns for one step
    constexpr int64_t MIN_WORK_PER_THREAD_BY_ROWS = 1 << 20;
    constexpr int64_t MIN_WORK_PER_THREAD_BY_COLUMNS = 1 << 17;
#ifndef _OPENMP
    threads = 1;
#endif
    if (rows < min_rows * threads) {
      by_rows = threads == 1;
      threads = at_least_one(threads, steps ? products / steps / MIN_WORK_PER_THREAD_BY_COLUMNS : 0);
      threads = at_least_one(threads, tiles < Barrier::MAX_THREADS ? tiles : Barrier::MAX_THREADS);
    } else {
      threads = at_least_one(threads, products / MIN_WORK_PER_THREAD_BY_ROWS);
    }
    if (threads == 1) by_rows = true;
  }

  // For work whose parts need nothing of one another: see for_each_thread.
  explicit ThreadGroup(int64_t threads) : threads(threads), rows(0), tiles(0), by_rows(true) {
#ifndef _OPENMP
    this->threads = 1;
#endif
  }

  // The smaller number, but at least 1.
  static int64_t at_least_one(int64_t a, int64_t b) {
    const int64_t smaller = a < b ? a : b;
    return smaller < 1 ? 1 : smaller;
  }

  // Calls task(thread, threads) once for every thread.
  template <class Task> void for_each_thread(Task task) const {
    if (threads == 1) return task(0, 1);
#ifdef _OPENMP
#pragma omp parallel num_threads(int(threads))
    {
      // if OpenMP starts fewer threads than requested, some take several parts
      const int64_t started = omp_get_num_threads();
      for (int64_t i = omp_get_thread_num(); i < threads; i += started) task(i, threads);
    }
#endif
  }

  // Calls task(share) in every thread.
  template <class Task> void for_each_share(Task task) const {
    if (threads == 1) return task({0, 1, 0, rows, 0, tiles, nullptr});
#ifdef _OPENMP
    Barrier barrier(by_rows ? 0 : threads);  // by rows, no thread waits for another
#pragma omp parallel num_threads(int(threads))
    {
      const int64_t started = omp_get_num_threads(), i = omp_get_thread_num();
      if (by_rows)
        task({i, started, rows * i / started, rows * (i + 1) / started, 0, tiles, nullptr});
      else
        task({i, started, 0, rows, tiles * i / started, tiles * (i + 1) / started, &barrier});
    }
#endif
  }
};

}  // namespace

#endif
