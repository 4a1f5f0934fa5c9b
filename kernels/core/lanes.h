/* Sixteen float32 lanes, one cache line: the unit of every kernel.
 *
 * Each operation acts on every lane by itself and sums go over a fixed tree, so that the results are
 * the same bits whatever registers the machine has (compile with -ffp-contract=off).
 *
 * A `lanes` is one AVX-512 register, two of AVX, or four of SSE or NEON. The compiler takes vectors
 * wider than its registers too, but keeps them in memory, which makes kernels five times slower.
 * So wider ones are put together here, `twice` as much at a time, and this is C++ for its operators.
 *
 * Cython cannot declare vector types; lanes.pxd presents `lanes` to it as a kind of float.
 */
#ifndef STALENESS_LANES_H
#define STALENESS_LANES_H

#include <math.h>
#include <stdint.h>
#include <string.h>

#define LANES 16

#if defined(__AVX512F__)
#define LANES_REGISTER 64
#elif defined(__AVX__)
#define LANES_REGISTER 32
#else
#define LANES_REGISTER 16
#endif

/* What one register holds, and vectors of the sizes on the way from it to one lane. */
typedef float lanes_register __attribute__((vector_size(LANES_REGISTER)));
typedef float lanes_anywhere __attribute__((vector_size(LANES_REGISTER), aligned(4)));
typedef int32_t lanes_int_register __attribute__((vector_size(LANES_REGISTER)));
typedef float lanes_quarter __attribute__((vector_size(16)));
typedef float lanes_half __attribute__((vector_size(32)));
typedef float lanes_whole __attribute__((vector_size(64)));

/* Two of something, and what can be done with them: the same with each. */
template <typename half> struct twice {
    half low, high;
};

template <typename half> static inline twice<half> both(half low, half high)
{
    return {low, high};
}

#define LANES_OPERATOR(op)                                                                  \
    template <typename half> static inline auto operator op(twice<half> a, twice<half> b)   \
    {                                                                                       \
        return both(a.low op b.low, a.high op b.high);                                      \
    }
LANES_OPERATOR(+)
LANES_OPERATOR(-)
LANES_OPERATOR(*)
LANES_OPERATOR(&)
LANES_OPERATOR(|)
LANES_OPERATOR(<)
LANES_OPERATOR(>)
LANES_OPERATOR(<=)
LANES_OPERATOR(>=)
LANES_OPERATOR(!=)
#undef LANES_OPERATOR

template <typename half> static inline twice<half> operator~(twice<half> x)
{
    return both(~x.low, ~x.high);
}

template <typename half> static inline twice<half> operator<<(twice<half> x, int by)
{
    return both(x.low << by, x.high << by);
}

#if LANES_REGISTER == 64
typedef lanes_register lanes;
typedef lanes_int_register lanes_int;
#elif LANES_REGISTER == 32
typedef twice<lanes_register> lanes;
typedef twice<lanes_int_register> lanes_int;
#else
typedef twice<twice<lanes_register>> lanes;
typedef twice<twice<lanes_int_register>> lanes_int;
#endif
static_assert(sizeof(lanes) == LANES * sizeof(float), "sixteen lanes");

/* ---- by registers ------------------------------------------------------------------------------ */

static inline void lanes_read(lanes_register *x, const float *row)
{
    *x = *(const lanes_register *)row;
}

static inline void lanes_read_anywhere(lanes_register *x, const float *from)
{
    *x = *(const lanes_anywhere *)from;
}

static inline void lanes_write(float *row, lanes_register x)
{
    *(lanes_register *)row = x;
}

static inline void lanes_write(int32_t *row, lanes_int_register x)
{
    *(lanes_int_register *)row = x;
}

static inline void lanes_write_anywhere(float *to, lanes_register x)
{
    *(lanes_anywhere *)to = x;
}

static inline void lanes_spread(lanes_register *x, float value)
{
    *x = value - (lanes_register){};    /* not `+`, to which -0.0 would be 0.0 */
}

static inline void lanes_spread(lanes_int_register *x, int32_t value)
{
    *x = value - (lanes_int_register){};
}

static inline lanes_int_register lanes_bits(lanes_register x)
{
    return (lanes_int_register)x;
}

static inline lanes_register lanes_of_bits(lanes_int_register x)
{
    return (lanes_register)x;
}

static inline lanes_int_register lanes_to_int(lanes_register x)
{
    return __builtin_convertvector(x, lanes_int_register);
}

static inline float lanes_sum(lanes_quarter x)
{
    return (x[0] + x[2]) + (x[1] + x[3]);
}

#if LANES_REGISTER >= 32
static inline float lanes_sum(lanes_half x)
{
    lanes_quarter low, high;
    memcpy(&low, &x, sizeof low);
    memcpy(&high, (const char *)&x + sizeof low, sizeof high);
    return lanes_sum(low + high);
}
#endif

#if LANES_REGISTER >= 64
static inline float lanes_sum(lanes_whole x)
{
    lanes_half low, high;
    memcpy(&low, &x, sizeof low);
    memcpy(&high, (const char *)&x + sizeof low, sizeof high);
    return lanes_sum(low + high);
}
#endif

static inline int lanes_int_any(lanes_int_register x)
{
    int64_t parts[LANES_REGISTER / 8], any = 0;
    memcpy(parts, &x, sizeof parts);
    for (int k = 0; k < LANES_REGISTER / 8; ++k)
        any |= parts[k];
    return any != 0;
}

/* ---- the same by halves ------------------------------------------------------------------------ */

template <typename half> static inline void lanes_read(twice<half> *x, const float *row)
{
    lanes_read(&x->low, row);
    lanes_read(&x->high, row + sizeof(half) / sizeof(float));
}

template <typename half> static inline void lanes_read_anywhere(twice<half> *x, const float *from)
{
    lanes_read_anywhere(&x->low, from);
    lanes_read_anywhere(&x->high, from + sizeof(half) / sizeof(float));
}

template <typename number, typename half>
static inline void lanes_write(number *row, twice<half> x)
{
    lanes_write(row, x.low);
    lanes_write(row + sizeof(half) / sizeof(number), x.high);
}

template <typename half> static inline void lanes_write_anywhere(float *to, twice<half> x)
{
    lanes_write_anywhere(to, x.low);
    lanes_write_anywhere(to + sizeof(half) / sizeof(float), x.high);
}

template <typename half, typename number> static inline void lanes_spread(twice<half> *x, number value)
{
    lanes_spread(&x->low, value);
    lanes_spread(&x->high, value);
}

template <typename half> static inline auto lanes_bits(twice<half> x)
{
    return both(lanes_bits(x.low), lanes_bits(x.high));
}

template <typename half> static inline auto lanes_of_bits(twice<half> x)
{
    return both(lanes_of_bits(x.low), lanes_of_bits(x.high));
}

template <typename half> static inline auto lanes_to_int(twice<half> x)
{
    return both(lanes_to_int(x.low), lanes_to_int(x.high));
}

/* A fixed tree: ((0+8) + (4+12)) + ((2+10) + (6+14)) + ..., halves added until one lane is left. */
template <typename half> static inline float lanes_sum(twice<half> x)
{
    return lanes_sum(x.low + x.high);
}

/* Whether any bit of any lane is set. */
template <typename half> static inline int lanes_int_any(twice<half> x)
{
    return lanes_int_any(x.low | x.high);
}

/* ---- sixteen lanes ----------------------------------------------------------------------------- */

/* Block b of a row that begins on a cache line. */
static inline lanes lanes_load(const float *row, int64_t b)
{
    lanes x;
    lanes_read(&x, row + b * LANES);
    return x;
}

static inline void lanes_store(float *row, int64_t b, lanes x)
{
    lanes_write(row + b * LANES, x);
}

static inline void lanes_int_store(int32_t *row, int64_t b, lanes_int x)
{
    lanes_write(row + b * LANES, x);
}

/* Sixteen floats from anywhere. */
static inline lanes lanes_load_unaligned(const float *from)
{
    lanes x;
    lanes_read_anywhere(&x, from);
    return x;
}

static inline void lanes_store_unaligned(float *to, lanes x)
{
    lanes_write_anywhere(to, x);
}

static inline lanes lanes_all(float value)
{
    lanes x;
    lanes_spread(&x, value);
    return x;
}

static inline lanes_int lanes_int_all(int32_t value)
{
    lanes_int x;
    lanes_spread(&x, value);
    return x;
}

/* a where `where` has all bits, b where it has none. */
static inline lanes lanes_choice(lanes_int where, lanes a, lanes b)
{
    return lanes_of_bits((where & lanes_bits(a)) | (~where & lanes_bits(b)));
}

static inline lanes lanes_max(lanes a, lanes b)
{
    return lanes_choice(a > b, a, b);
}

/* Where `candidate` is greater than `best`, it takes its place and `index` that of `argument`. */
static inline void lanes_argmax(lanes *best, lanes_int *argument, lanes candidate, int32_t index)
{
    lanes_int greater = candidate > *best;
    *best = lanes_choice(greater, candidate, *best);
    *argument = (greater & lanes_int_all(index)) | (~greater & *argument);
}

/* x, with `most` for every lane above it, and for NaN. */
static inline lanes lanes_at_most(lanes x, float most)
{
    return lanes_choice(x <= lanes_all(most), x, lanes_all(most));
}

/* x, with 0 for every lane below `least`. */
static inline lanes lanes_at_least(lanes x, float least)
{
    return lanes_of_bits((x >= lanes_all(least)) & lanes_bits(x));
}

/* x, with `least` for every lane above 0 and below it. */
static inline lanes lanes_raised(lanes x, float least)
{
    lanes_int low = (x > lanes_all(0.0f)) & (x < lanes_all(least));
    return lanes_choice(low, lanes_all(least), x);
}

/* x, with 0 for every lane in which `of` is not above 0. */
static inline lanes lanes_where_positive(lanes x, lanes of)
{
    return lanes_of_bits((of > lanes_all(0.0f)) & lanes_bits(x));
}

static inline float lanes_greatest(lanes x)
{
    float lane[LANES], greatest;
    memcpy(lane, &x, sizeof lane);
    greatest = lane[0];
    for (int k = 1; k < LANES; ++k)
        greatest = lane[k] > greatest ? lane[k] : greatest;
    return greatest;
}

/* Whether any lane is `least` or more away from 0. */
static inline int lanes_any_beyond(lanes x, float least)
{
    return lanes_int_any((x >= lanes_all(least)) | (x <= lanes_all(-least)));
}

/* Whether any lane of two is different. */
static inline int lanes_differ(lanes x, lanes y)
{
    return lanes_int_any(x != y);
}

/* exp(x) for x <= 0 or moderate x, to 2 units in the last place; 0 below -87.
 *
 * exp(x) = 2^n exp(r), n = round(x / ln 2), |r| <= ln(2)/2; exp(r) by the Taylor polynomial of
 * degree 7, whose remainder, (ln(2)/2)^8 / 8! = 5e-9, is under a float's resolution. */
static inline lanes lanes_exp(lanes x)
{
    const lanes lowest = lanes_all(-87.0f), highest = lanes_all(88.0f);
    lanes_int vanishes = x < lowest;
    /* NaN fails both comparisons and passes through to the result. */
    x = lanes_choice(vanishes, lowest, lanes_choice(x > highest, highest, x));
    /* Adding and taking away 1.5 * 2^23 rounds to the nearest integer. */
    const lanes rounder = lanes_all(12582912.0f);
    lanes n = (x * lanes_all(1.44269504f) + rounder) - rounder;
    /* ln 2 in two parts, the first short enough that n times it is exact. */
    lanes r = (x - n * lanes_all(0.693359375f)) + n * lanes_all(2.12194440e-4f);
    lanes p = lanes_all(1.0f / 5040.0f);
    p = p * r + lanes_all(1.0f / 720.0f);
    p = p * r + lanes_all(1.0f / 120.0f);
    p = p * r + lanes_all(1.0f / 24.0f);
    p = p * r + lanes_all(1.0f / 6.0f);
    p = p * r + lanes_all(0.5f);
    p = p * r + lanes_all(1.0f);
    p = p * r + lanes_all(1.0f);
    lanes_int power = (lanes_to_int(n) + lanes_int_all(127)) << 23;
    return lanes_of_bits(~vanishes & lanes_bits(p * lanes_of_bits(power)));
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
