/* A gate that many may be inside of, or one alone.
 *
 * Going in and out writes only a cache line of one's own, so that those inside do not slow each
 * other; it costs about 10 ns. Shutting it waits for all of them: it is for what happens a few times
 * a run.
 */
#ifndef STALENESS_GATE_H
#define STALENESS_GATE_H

#include <sched.h>
#include <stdint.h>
#include <stdlib.h>

typedef struct {
    alignas(64) int32_t inside;
} gate_place;

typedef struct {
    int32_t shut;
    int32_t places;
    gate_place *place;      /* one for each who may go in */
} reader_gate;

static inline int gate_make(reader_gate *g, int32_t places)
{
    void *memory = NULL;
    g->shut = 0;
    g->places = places;
    g->place = NULL;
    if (posix_memalign(&memory, 64, places * sizeof(gate_place)))
        return 0;
    g->place = (gate_place *)memory;
    for (int32_t k = 0; k < places; ++k)
        g->place[k].inside = 0;
    return 1;
}

static inline void gate_free(reader_gate *g)
{
    free(g->place);
    g->place = NULL;
}

/* Sequential consistency: either who goes in sees that it is shut, or who shuts it sees them. */
static inline void gate_enter(reader_gate *g, int32_t place)
{
    for (;;) {
        __atomic_store_n(&g->place[place].inside, 1, __ATOMIC_SEQ_CST);
        if (!__atomic_load_n(&g->shut, __ATOMIC_SEQ_CST))
            return;
        __atomic_store_n(&g->place[place].inside, 0, __ATOMIC_SEQ_CST);
        while (__atomic_load_n(&g->shut, __ATOMIC_ACQUIRE))
            sched_yield();
    }
}

static inline void gate_leave(reader_gate *g, int32_t place)
{
    __atomic_store_n(&g->place[place].inside, 0, __ATOMIC_RELEASE);
}

/* Wait until nobody is inside and keep everybody out; whoever calls it must not be inside. */
static inline void gate_shut(reader_gate *g)
{
    while (__atomic_exchange_n(&g->shut, 1, __ATOMIC_SEQ_CST))
        sched_yield();
    for (int32_t k = 0; k < g->places; ++k)
        while (__atomic_load_n(&g->place[k].inside, __ATOMIC_SEQ_CST))
            sched_yield();
}

static inline void gate_open(reader_gate *g)
{
    __atomic_store_n(&g->shut, 0, __ATOMIC_RELEASE);
}

#endif
