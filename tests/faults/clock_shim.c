/* Shifts the wall clock of a process, and nothing else, by the seconds that a file holds.
 *
 *     cc -shared -fPIC -o clock_shim.so clock_shim.c
 *     SHIFT_FILE=seconds LD_PRELOAD=./clock_shim.so memo watch calls
 *
 * The monotonic clock is left alone, as a jump of the wall clock leaves it. Files keep the times
 * that the system gives them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static long shift(void) {
  const char *path = getenv("SHIFT_FILE");
  char text[32] = {0};
  int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
  if (file < 0) return 0;
  ssize_t size = read(file, text, sizeof text - 1);
  close(file);
  return size > 0 ? atol(text) : 0;
}

int clock_gettime(clockid_t clock, struct timespec *instant) {
  int failed = syscall(SYS_clock_gettime, clock, instant);
  if (!failed && clock == CLOCK_REALTIME) instant->tv_sec += shift();
  return failed;
}

time_t time(time_t *out) {
  struct timespec instant;
  clock_gettime(CLOCK_REALTIME, &instant);
  if (out) *out = instant.tv_sec;
  return instant.tv_sec;
}

int gettimeofday(struct timeval *instant, void *zone) {
  struct timespec now;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &now);
  instant->tv_sec = now.tv_sec;
  instant->tv_usec = now.tv_nsec / 1000;
  return 0;
}
