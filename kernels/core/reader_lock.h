/* A lock that many may share, or that one holds alone.
 *
 * To share it writes only a cache line of one's own, so that those who share it do not slow each
 * other; it costs about 10 ns. To hold it alone waits for all of them: that is for what happens a
 * few times a run. ("Big-reader lock".)
 */
#ifndef STALENESS_READER_LOCK_H
#define STALENESS_READER_LOCK_H

#include <sched.h>
#include <stdint.h>

#include "memory.h"

struct reader_lock {
    /* Have a place for each who may share it; false if there is no memory. */
    bool places(int32_t count)
    {
        many = count;
        return place.zeros(count);
    }

    /* Sequential consistency: either who comes sees that it is held, or who takes it sees them. */
    void lock_shared(int32_t mine)
    {
        for (;;) {
            __atomic_store_n(&place.data[mine].inside, 1, __ATOMIC_SEQ_CST);
            if (!__atomic_load_n(&held, __ATOMIC_SEQ_CST))
                return;
            __atomic_store_n(&place.data[mine].inside, 0, __ATOMIC_SEQ_CST);
            while (__atomic_load_n(&held, __ATOMIC_ACQUIRE))
                sched_yield();
        }
    }

    void unlock_shared(int32_t mine)
    {
        __atomic_store_n(&place.data[mine].inside, 0, __ATOMIC_RELEASE);
    }

    /* Wait until nobody shares it and keep everybody out; whoever calls it must not share it. */
    void lock()
    {
        while (__atomic_exchange_n(&held, 1, __ATOMIC_SEQ_CST))
            sched_yield();
        for (int32_t k = 0; k < many; ++k)
            while (__atomic_load_n(&place.data[k].inside, __ATOMIC_SEQ_CST))
                sched_yield();
    }

    void unlock() { __atomic_store_n(&held, 0, __ATOMIC_RELEASE); }

  private:
    struct on_a_line_of_its_own {
        int32_t inside;
        char after[CACHE_LINE - sizeof(int32_t)];
    };
    buffer<on_a_line_of_its_own> place;
    int32_t many = 0;
    int32_t held = 0;
};

#endif
