/* Sixteen float32 lanes, one cache line: the unit of every kernel.
 *
 * The compiler maps a `lanes` to what the machine has (one AVX-512 register, two of AVX, four of SSE
 * or NEON). Each operation acts on every lane by itself and sums go over a fixed tree, so that the
 * results are the same bits whichever it is (compile with -ffp-contract=off).
 *
 * Cython cannot declare vector types; lanes.pxd presents `lanes` to it as a kind of float.
 */
#ifndef STALENESS_LANES_H
#define STALENESS_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 16

typedef float lanes __attribute__((vector_size(64)));
typedef float lanes_half __attribute__((vector_size(32)));
typedef float lanes_quarter __attribute__((vector_size(16)));
typedef int32_t lanes_int __attribute__((vector_size(64)));

/* Block b of a row that begins on a cache line. */
static inline lanes lanes_load(const float *row, int64_t b)
{
    return ((const lanes *)row)[b];
}

static inline void lanes_store(float *row, int64_t b, lanes x)
{
    ((lanes *)row)[b] = x;
}

/* Sixteen floats from anywhere. */
static inline lanes lanes_load_unaligned(const float *from)
{
    lanes x;
    memcpy(&x, from, sizeof x);
    return x;
}

static inline void lanes_store_unaligned(float *to, lanes x)
{
    memcpy(to, &x, sizeof x);
}

static inline lanes lanes_all(float x)
{
    return (lanes){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

static inline lanes_int lanes_int_all(int32_t x)
{
    return (lanes_int){x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x};
}

static inline void lanes_int_store(int32_t *row, int64_t b, lanes_int x)
{
    ((lanes_int *)row)[b] = x;
}

static inline lanes lanes_max(lanes a, lanes b)
{
    lanes_int greater = (lanes_int)(a > b);
    return (lanes)((greater & (lanes_int)a) | (~greater & (lanes_int)b));
}

/* Where `candidate` is greater than `best`, it takes its place and `index` that of `argument`. */
static inline void lanes_argmax(lanes *best, lanes_int *argument, lanes candidate, int32_t index)
{
    lanes_int greater = (lanes_int)(candidate > *best);
    *best = (lanes)((greater & (lanes_int)candidate) | (~greater & (lanes_int)*best));
    *argument = (greater & index) | (~greater & *argument);
}

/* x, with `most` for every lane above it, and for NaN. */
static inline lanes lanes_at_most(lanes x, float most)
{
    lanes_int within = (lanes_int)(x <= most);
    return (lanes)((within & (lanes_int)x) | (~within & (lanes_int)lanes_all(most)));
}

/* ((0+8) + (4+12)) + ((2+10) + (6+14)) + ...: halves added until one lane is left. */
static inline float lanes_sum(lanes x)
{
    lanes_half low, high;
    memcpy(&low, &x, sizeof low);
    memcpy(&high, (const char *)&x + sizeof low, sizeof high);
    low += high;
    lanes_quarter a, b;
    memcpy(&a, &low, sizeof a);
    memcpy(&b, (const char *)&low + sizeof a, sizeof b);
    a += b;
    return (a[0] + a[2]) + (a[1] + a[3]);
}

static inline float lanes_greatest(lanes x)
{
    float greatest = x[0];
    for (int lane = 1; lane < LANES; ++lane)
        greatest = x[lane] > greatest ? x[lane] : greatest;
    return greatest;
}

/* x, with 0 for every lane below `least`. */
static inline lanes lanes_at_least(lanes x, float least)
{
    return (lanes)((lanes_int)(x >= least) & (lanes_int)x);
}

/* x, with `least` for every lane above 0 and below it. */
static inline lanes lanes_raised(lanes x, float least)
{
    lanes_int low = (lanes_int)(x > 0.0f) & (lanes_int)(x < least);
    return (lanes)((low & (lanes_int)lanes_all(least)) | (~low & (lanes_int)x));
}

/* x, with 0 for every lane in which `of` is not above 0. */
static inline lanes lanes_where_positive(lanes x, lanes of)
{
    return (lanes)((lanes_int)(of > 0.0f) & (lanes_int)x);
}

/* Whether any bit of any lane is set. */
static inline int lanes_int_any(lanes_int x)
{
    typedef int64_t half __attribute__((vector_size(32)));
    typedef int64_t quarter __attribute__((vector_size(16)));
    half low, high;
    memcpy(&low, &x, sizeof low);
    memcpy(&high, (const char *)&x + sizeof low, sizeof high);
    low |= high;
    quarter a, b;
    memcpy(&a, &low, sizeof a);
    memcpy(&b, (const char *)&low + sizeof a, sizeof b);
    a |= b;
    return (a[0] | a[1]) != 0;
}

/* Whether any lane is `least` or more away from 0. */
static inline int lanes_any_beyond(lanes x, float least)
{
    return lanes_int_any((lanes_int)(x >= least) | (lanes_int)(x <= -least));
}

/* Whether any lane of two is different. */
static inline int lanes_differ(lanes x, lanes y)
{
    return lanes_int_any((lanes_int)(x != y));
}

/* exp(x) for x <= 0 or moderate x, to 2 units in the last place; 0 below -87.
 *
 * exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln(2)/2; exp(r) by the Taylor polynomial of
 * degree 7, whose remainder, (ln(2)/2)^8 / 8! = 5e-9, is under a float's resolution. */
static inline lanes lanes_exp(lanes x)
{
    const lanes lowest = lanes_all(-87.0f), highest = lanes_all(88.0f);
    lanes_int vanishes = (lanes_int)(x < lowest);
    /* NaN fails both comparisons and passes through to the result. */
    lanes_int above = (lanes_int)(x > highest);
    x = (lanes)((vanishes & (lanes_int)lowest) | (above & (lanes_int)highest)
                | (~(vanishes | above) & (lanes_int)x));
    /* Adding and taking away 1.5 * 2^23 rounds to the nearest integer. */
    const lanes rounder = lanes_all(12582912.0f);
    lanes n = (x * 1.44269504f + rounder) - rounder;
    /* ln 2 in two parts, the first short enough that n times it is exact. */
    lanes r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
    lanes p = lanes_all(1.0f / 5040.0f);
    p = p * r + 1.0f / 720.0f;
    p = p * r + 1.0f / 120.0f;
    p = p * r + 1.0f / 24.0f;
    p = p * r + 1.0f / 6.0f;
    p = p * r + 0.5f;
    p = p * r + 1.0f;
    p = p * r + 1.0f;
    lanes_int power = (__builtin_convertvector(n, lanes_int) + 127) << 23;
    lanes y = p * (lanes)power;
    return (lanes)(~vanishes & (lanes_int)y);
}

/* Natural logarithm of a positive, finite double, to 1e-16 relative, by additions, multiplications
 * and divisions only: libm's log may differ in the last bit between machines.
 *
 * log(2^e m) = e ln 2 + 2 artanh((m - 1) / (m + 1)), sqrt(1/2) <= m < sqrt(2). */
static inline double exact_log(double x)
{
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752440) {
        m *= 2.0;
        exponent -= 1;
    }
    double s = (m - 1.0) / (m + 1.0), s2 = s * s, sum = 0.0;
    for (int k = 23; k >= 1; k -= 2)
        sum = sum * s2 + 1.0 / k;
    return exponent * 0.69314718055994530942 + 2.0 * s * sum;
}

/* exp(x) for -700 < x < 700, to 1e-15 relative, with nothing of libm's but the exact ldexp. */
static inline double exact_exp(double x)
{
    double n = rint(x * 1.44269504088896340736);
    double r = (x - n * 0.693147180369123816490) - n * 1.90821492927058770002e-10, sum = 1.0;
    for (int k = 14; k >= 1; --k)
        sum = 1.0 + sum * r / k;
    return ldexp(sum, (int)n);
}

#endif
