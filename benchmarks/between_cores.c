// The time that a line of memory takes from the core of one thread to that of another.
#include <pthread.h>
#include <stdint.h>
#include <time.h>

typedef struct {
  _Alignas(128) int64_t there;  // in a line of its own, as two threads that wait for each other use
  _Alignas(128) int64_t back;
  int64_t rounds;
} lines;

static void *answer(void *argument) {
  lines *const both = argument;
  for (int64_t round = 1; round <= both->rounds; round++) {
    while (__atomic_load_n(&both->there, __ATOMIC_ACQUIRE) != round) {
    }
    __atomic_store_n(&both->back, round, __ATOMIC_RELEASE);
  }
  return 0;
}

// Nanoseconds of one way, of so many there and back; -1 if the second thread does not start.
double between_cores(int64_t rounds) {
  lines both = {0, 0, rounds};
  pthread_t other;
  struct timespec start, end;
  if (pthread_create(&other, 0, answer, &both)) return -1;
  for (int64_t round = 1; round <= rounds; round++) {
    if (round == rounds / 10 + 1) clock_gettime(CLOCK_MONOTONIC, &start);  // both threads run by then
    __atomic_store_n(&both.there, round, __ATOMIC_RELEASE);
    while (__atomic_load_n(&both.back, __ATOMIC_ACQUIRE) != round) {
    }
  }
  clock_gettime(CLOCK_MONOTONIC, &end);
  pthread_join(other, 0);
  const double nanoseconds = 1e9 * (end.tv_sec - start.tv_sec) + (end.tv_nsec - start.tv_nsec);
  return nanoseconds / (2 * (rounds - rounds / 10));
}
