/* Memory that begins on cache lines and frees itself. */
#ifndef STALENESS_MEMORY_H
#define STALENESS_MEMORY_H

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

/* Some numbers. What holds one can be neither copied nor forgotten, only moved. */
template <class number> struct buffer {
    number *data = nullptr;
    size_t size = 0;            /* how many there is room for */

    buffer() = default;
    buffer(const buffer &) = delete;
    buffer &operator=(const buffer &) = delete;
    buffer(buffer &&other) noexcept : data(other.data), size(other.size)
    {
        other.data = nullptr;
        other.size = 0;
    }
    ~buffer() { free(data); }

    /* Have room for `wanted`; false if there is no memory. What was in it is lost if there was less.
     *
     * Room grows by half more than was asked for, so that it settles within a few mini-batches.
     */
    bool reserve(size_t wanted)
    {
        return data && size >= wanted ? true : renew(wanted + wanted / 2);
    }

    /* Be `wanted` zeros; false if there is no memory. */
    bool zeros(size_t wanted)
    {
        if (!renew(wanted))
            return false;
        memset((void *)data, 0, wanted * sizeof(number));
        return true;
    }

  private:
    bool renew(size_t wanted)
    {
        size_t bytes = wanted * sizeof(number);
        void *memory = nullptr;
        free(data);
        data = nullptr;
        size = 0;
        if (posix_memalign(&memory, CACHE_LINE, bytes > CACHE_LINE ? bytes : CACHE_LINE))
            return false;
        data = (number *)memory;
        size = wanted;
        return true;
    }
};

#endif
