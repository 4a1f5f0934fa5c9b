/* Time, waiting and handing over between the threads of the wall clock. */
#ifndef STALENESS_REALTIME_H
#define STALENESS_REALTIME_H

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <time.h>

static inline double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static inline void sleep_for(double seconds)
{
    struct timespec pause = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
    nanosleep(&pause, NULL);
}

/* One step of a busy wait: `step` counts the steps of this wait. Spins first, as what is waited for
 * is mostly microseconds away, then lets others have the core. */
static inline void wait_a_little(int64_t step)
{
    if (step > 2000) {
        sched_yield();
        return;
    }
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static inline int64_t load_acquire(const int64_t *address)
{
    return __atomic_load_n(address, __ATOMIC_ACQUIRE);
}

static inline void store_release(int64_t *address, int64_t value)
{
    __atomic_store_n(address, value, __ATOMIC_RELEASE);
}

/* Where several update at once, one of their times. */
static inline void store_time(double *address, double value)
{
    __atomic_store(address, &value, __ATOMIC_RELAXED);
}

static inline int64_t fetch_add(int64_t *address, int64_t value)
{
    return __atomic_fetch_add(address, value, __ATOMIC_ACQ_REL);
}

/* Where threads stand still while a curve point is taken. */
typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t all_stand;   /* told to the one who watches */
    pthread_cond_t go_on;       /* told to those who stand */
} gate;

static inline int gate_init(gate *g)
{
    pthread_condattr_t attributes;
    return pthread_mutex_init(&g->mutex, NULL)
        || pthread_condattr_init(&attributes)
        || pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        || pthread_cond_init(&g->all_stand, &attributes)
        || pthread_cond_init(&g->go_on, &attributes);
}

static inline void gate_lock(gate *g) { pthread_mutex_lock(&g->mutex); }
static inline void gate_unlock(gate *g) { pthread_mutex_unlock(&g->mutex); }
static inline void gate_tell_watcher(gate *g) { pthread_cond_broadcast(&g->all_stand); }
static inline void gate_open(gate *g) { pthread_cond_broadcast(&g->go_on); }
static inline void gate_stand(gate *g) { pthread_cond_wait(&g->go_on, &g->mutex); }

/* With the gate locked, until told or until `deadline` on seconds_now(); 0 if told. */
static inline int gate_watch(gate *g, double deadline)
{
    struct timespec until = {
        (time_t)deadline, (long)((deadline - (double)(time_t)deadline) * 1e9)};
    return pthread_cond_timedwait(&g->all_stand, &g->mutex, &until);
}

#endif
