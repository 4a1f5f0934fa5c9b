/* What one core can do at best: the loops that `limits.py` times.
 *
 * Each is written with the kernels' own vectors. Results go back to the caller, which checks them;
 * floating-point sums may not be reordered, so that no loop can be left out or shortened.
 */
#include <stddef.h>

#include "lanes.h"

/* Independent, so that no operation waits for the one before, and few enough for the registers. */
#ifdef __AVX512F__
#define CHAINS 8
#else
#define CHAINS 4
#endif
#define AHEAD 64        /* rows from a prefetch to its use, as the CRF does it */
#define BARRIER __asm__ volatile("" ::: "memory")

typedef int64_t count;

extern "C" {

extern const count chains = CHAINS;

static inline float first(lanes x)
{
    float lane[LANES];
    lanes_store_unaligned(lane, x);
    return lane[0];
}

static float sum_of(const lanes *x)
{
    lanes total = x[0];
    for (int k = 1; k < CHAINS; ++k)
        total = total + x[k];
    return lanes_sum(total);
}

/* ---- arithmetic: n times on CHAINS vectors in registers ------------------------------------- */

#define THROUGHPUT(name, statement)                                                             \
    float name(count n, float a, float b)                                                       \
    {                                                                                           \
        lanes x[CHAINS], c = lanes_all(a), d = lanes_all(b);                                    \
        for (int k = 0; k < CHAINS; ++k)                                                        \
            x[k] = d + lanes_all((float)k);                                                     \
        for (count i = 0; i < n; ++i)                                                           \
            for (int k = 0; k < CHAINS; ++k)                                                    \
                statement;                                                                      \
        return sum_of(x);                                                                       \
    }

THROUGHPUT(additions, x[k] = x[k] + c)
THROUGHPUT(multiplications, x[k] = x[k] * c)
THROUGHPUT(additions_and_multiplications, x[k] = x[k] * c + d)

float comparisons(count n, float a, float b)
{
    lanes x[CHAINS], candidate = lanes_all(b);
    lanes_int argument[CHAINS];
    for (int k = 0; k < CHAINS; ++k) {
        x[k] = lanes_all(b + (float)k);
        argument[k] = lanes_int_all(0);
    }
    for (count i = 0; i < n; ++i) {
        for (int k = 0; k < CHAINS; ++k)
            lanes_argmax(&x[k], &argument[k], candidate, (int32_t)i);
        candidate = candidate + lanes_all(a);
    }
    return sum_of(x);
}

/* ---- a row at a time, from L1: what the kernels do once a token ------------------------------- */

#define ROWS(name, type, result, statement)                                                     \
    double name(count n, const float *rows, count size)                                         \
    {                                                                                           \
        type total = {};                                                                        \
        for (count i = 0; i < n; ++i) {                                                         \
            BARRIER;                                                                            \
            for (count k = 0; k < size; ++k) {                                                  \
                lanes x = lanes_load(rows, k);                                                  \
                total = total + statement;                                                      \
            }                                                                                   \
        }                                                                                       \
        return result;                                                                          \
    }

ROWS(exponentials, lanes, first(total), lanes_exp(x))
ROWS(greatest, double, total, lanes_greatest(x))
ROWS(logarithms, double, total, exact_log(first(x)))

/* ---- latencies: each waits for the one before -------------------------------------------------- */

#define LATENCY(name, statement)                                                                \
    float name(count n, float a, float *row)                                                    \
    {                                                                                           \
        lanes x = lanes_load(row, 0), c = lanes_all(a);                                         \
        for (count i = 0; i < n; ++i)                                                           \
            statement;                                                                          \
        return first(x) + 0.0f * first(c);                                                      \
    }

LATENCY(add_latency, x = x + c)
LATENCY(multiply_latency, x = x * c)
LATENCY(divide_latency, x = lanes_all((float)(1.0 / first(x))))
LATENCY(sum_latency, x = lanes_all(lanes_sum(x)))
LATENCY(greatest_latency, x = lanes_all(lanes_greatest(x)))
LATENCY(select_latency, x = lanes_at_least(x, first(c)))
/* A vector is stored, and one lane of it loaded into all: from one step of a recursion to the next. */
LATENCY(forward_latency, (lanes_store(row, 0, x), ({ BARRIER; }), x = lanes_all(row[i & 15])))

float argmax_latency(count n, float a, float *row)
{
    lanes best = lanes_load(row, 0);
    lanes_int argument = lanes_int_all(0);
    for (count i = 0; i < n; ++i) {
        lanes candidate = lanes_all(row[i & 15] * a);
        lanes_argmax(&best, &argument, candidate, (int32_t)i);
    }
    int32_t index[LANES] __attribute__((aligned(64)));
    lanes_int_store(index, 0, argument);
    return first(best) + 0.0f * (float)index[0];
}

/* An address that the load before it gave: Viterbi's way back. */
float load_latency(count n, float a, float *row)
{
    const int32_t *next = (const int32_t *)row;
    int32_t at = 0;
    for (count i = 0; i < n; ++i)
        at = next[at];
    return a + (float)at;
}

/* ---- streams, `times` over `size` floats --------------------------------------------------------- */

float read_stream(count times, count size, float *a, float *b, float *c)
{
    lanes x[CHAINS];
    for (int k = 0; k < CHAINS; ++k)
        x[k] = lanes_all(0.0f);
    for (count i = 0; i < times; ++i) {
        BARRIER;
        for (count b = 0; b < size / LANES; b += CHAINS)
            for (int k = 0; k < CHAINS; ++k)
                x[k] = x[k] + lanes_load(a, b + k);
    }
    return sum_of(x);
}

float copy_stream(count times, count size, float *a, float *b, float *c)
{
    for (count i = 0; i < times; ++i) {
        BARRIER;
        for (count k = 0; k < size / LANES; ++k)
            lanes_store(a, k, lanes_load(b, k));
    }
    return a[0] + a[size - 1];
}

float triad_stream(count times, count size, float *a, float *b, float *c)
{
    lanes scale = lanes_all(3.0f);
    for (count i = 0; i < times; ++i) {
        BARRIER;
        for (count k = 0; k < size / LANES; ++k)
            lanes_store(a, k, lanes_load(b, k) + scale * lanes_load(c, k));
    }
    return a[0] + a[size - 1];
}

/* ---- gathers: rows of `blocks` cache lines, or floats, in the order of `index` -------------------- */

static inline lanes sum_of_rows(count from, count end, count n, const int32_t *index,
                                const float *table, count blocks)
{
    lanes even = lanes_all(0.0f), odd = lanes_all(0.0f);
    for (count k = from; k < end; ++k) {
        for (count b = 0; k + AHEAD < n && b < blocks; ++b)
            __builtin_prefetch(table + (index[k + AHEAD] * blocks + b) * LANES);
        for (count b = 0; b < blocks; ++b)
            if ((k + b) & 1)
                odd = odd + lanes_load(table, index[k] * blocks + b);
            else
                even = even + lanes_load(table, index[k] * blocks + b);
    }
    return even + odd;
}

/* Constants, so that there are no loops over blocks, as in the kernels. */
static lanes rows_of(count from, count end, count n, const int32_t *index, const float *table,
                     count blocks)
{
    if (blocks == 1)
        return sum_of_rows(from, end, n, index, table, 1);
    if (blocks == 3)
        return sum_of_rows(from, end, n, index, table, 3);
    return sum_of_rows(from, end, n, index, table, blocks);
}

float gather_rows(count n, const int32_t *index, float *table, count blocks, count span,
                  float step, float *out)
{
    return lanes_sum(rows_of(0, n, n, index, table, blocks));
}

/* `span` rows are read, then added to, as an update finds the rows of its mini-batch. */
float update_rows(count n, const int32_t *index, float *table, count blocks, count span,
                  float step, float *out)
{
    lanes step_of_all = lanes_all(step), total = lanes_all(0.0f);
    for (count from = 0; from < n; from += span) {
        count end = from + span < n ? from + span : n;
        total = total + rows_of(from, end, n, index, table, blocks);
        for (count k = from; k < end; ++k)
            for (count b = 0; b < blocks; ++b) {
                count line = index[k] * blocks + b;
                lanes_store(table, line, lanes_load(table, line) + step_of_all);
            }
    }
    return lanes_sum(total);
}

float gather_floats(count n, const int32_t *index, float *table, count blocks, count span,
                    float step, float *out)
{
    for (count from = 0; from < n; from += span) {
        count size = from + span < n ? span : n - from;
        for (count k = 0; k < size; ++k)
            out[k] = table[index[from + k]];
        BARRIER;
    }
    return out[0];
}

float update_floats(count n, const int32_t *index, float *table, count blocks, count span,
                    float step, float *out)
{
    float first = 0.0f;
    for (count from = 0; from < n; from += span) {
        count size = from + span < n ? span : n - from;
        first += gather_floats(size, index + from, table, blocks, size, step, out);
        for (count k = 0; k < size; ++k)
            table[index[from + k]] += step;
    }
    return first;
}

}
