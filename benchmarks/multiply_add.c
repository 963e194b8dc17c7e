// Multiplies and adds numbers that are in registers, and does nothing else: no product of matrices
// is faster, because it also reads and writes memory.
#include <pthread.h>
#include <stdint.h>

#define MAX_THREADS 256
#ifdef __AVX512F__  // 32 registers
#define BYTES 64
#define SUMS 24
#else  // 16
#define BYTES 32
#define SUMS 12
#endif

typedef float vector __attribute__((vector_size(BYTES)));
typedef struct {
  int64_t rounds;
  float factor, term;  // unknown to the compiler
  vector sums[SUMS];
} share;

static void *multiply_share(void *argument) {
  share *const mine = argument;
  const vector zero = {0}, factor = zero + mine->factor, term = zero + mine->term;
  vector sums[SUMS];
#pragma GCC unroll 24
  for (int i = 0; i < SUMS; i++) sums[i] = zero + (float)i;
  for (int64_t round = 0; round < mine->rounds; round++)
#pragma GCC unroll 24
    for (int i = 0; i < SUMS; i++) sums[i] = sums[i] * factor + term;  // one instruction
#pragma GCC unroll 24
  for (int i = 0; i < SUMS; i++) mine->sums[i] = sums[i];  // so that the compiler keeps them
  return 0;
}

// Returns the operations of a round of all threads, two for each number, or 0 if the threads,
// MAX_THREADS at most, do not start.
int64_t multiply_add(int64_t threads, int64_t rounds) {
  static share shares[MAX_THREADS];
  pthread_t ids[MAX_THREADS];
  int64_t started = 0;
  for (; started < threads && started < MAX_THREADS; started++) {
    shares[started].rounds = rounds, shares[started].factor = 0.5f, shares[started].term = 1;
    if (pthread_create(&ids[started], 0, multiply_share, &shares[started])) break;
  }
  for (int64_t i = 0; i < started; i++) pthread_join(ids[i], 0);
  return started == threads ? threads * SUMS * (BYTES / (int64_t)sizeof(float)) * 2 : 0;
}
