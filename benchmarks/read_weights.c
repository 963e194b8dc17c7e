// Reads weights over and over, as text does that needs all of them for each symbol, and does nothing
// else. The cores share the weights and never wait for each other.
#include <pthread.h>
#include <stdint.h>

#define MAX_THREADS 256
#define VECTORS 8  // sums that do not wait for each other

typedef float vector __attribute__((vector_size(64)));
typedef struct {
  const vector *weights;
  int64_t blocks, rounds;
  vector sums[VECTORS];
} share;

static void *read_share(void *argument) {
  share *const mine = argument;
  vector sums[VECTORS] = {0};
  for (int64_t round = 0; round < mine->rounds; round++)
    for (int64_t i = 0; i < mine->blocks; i++) {
      // in turns upward and downward: what was read last is still in a near cache
      const vector *const block = mine->weights + VECTORS * (round % 2 ? mine->blocks - 1 - i : i);
      for (int v = 0; v < VECTORS; v++) sums[v] += block[v];
    }
  for (int v = 0; v < VECTORS; v++) mine->sums[v] = sums[v];  // so that the compiler keeps the reads
  return 0;
}

// Returns whether the threads, MAX_THREADS at most, started. `weights` lie at a multiple of 64 bytes.
int read_weights(const void *weights, int64_t bytes, int64_t threads, int64_t rounds) {
  share shares[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  const int64_t blocks = bytes / (VECTORS * sizeof(vector)) / threads;
  int64_t started = 0;
  for (; started < threads && started < MAX_THREADS; started++) {
    shares[started].weights = (const vector *)weights + VECTORS * blocks * started;
    shares[started].blocks = blocks, shares[started].rounds = rounds;
    if (pthread_create(&ids[started], 0, read_share, &shares[started])) break;
  }
  for (int64_t i = 0; i < started; i++) pthread_join(ids[i], 0);
  return started == threads;
}
