/* SPDX-License-Identifier: Apache-2.0
 *
 * Loaded before libfaketime, which answers clock_nanosleep(2) with EINVAL where monotonic clocks are not faked: sleeping
 * is the kernel's business.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int clock_nanosleep(clockid_t clock, int flags, const struct timespec *when, struct timespec *left) {
  return syscall(SYS_clock_nanosleep, clock, flags, when, left) == 0 ? 0 : errno;
}
