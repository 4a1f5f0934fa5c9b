"""Word alignments: two directions made one, and what is wrong with them.

An alignment of a corpus is an array of *links*, int32 [links, 2], source and target position within
their pair, sorted; `link_offsets`, int64 [pairs + 1], say where those of a pair begin.

Symmetrisation looks only at the links that one of the two directions has, in the order of Moses:
target by target, and for one target by rising source position. There are no more of them than words
on both sides, and each spreads to its neighbours only once: what it did not take then is taken, or
covered, for good. So time is linear in the words.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t, uint8_t
from libc.string cimport memset

from staleness.algorithms.components import choose
from staleness.kernels.core.validation import check_offsets

cdef enum:  # what a link may be, added up
    IN_FORWARD = 1
    IN_BACKWARD = 2
    IN_BOTH = 3
    KEPT = 4
    GROWN = 8  # its neighbours have been looked at

cdef enum Method:
    FORWARD
    BACKWARD
    INTERSECTION
    UNION
    GROW_DIAG_FINAL

METHODS = {
    "forward": FORWARD,
    "backward": BACKWARD,
    "intersection": INTERSECTION,
    "union": UNION,
    "grow-diag-final": GROW_DIAG_FINAL,
}

# The neighbours of a link, target and source position, in the order of Moses.
cdef int32_t[8][2] NEIGHBOURS = [
    [-1, 0], [0, -1], [1, 0], [0, 1], [-1, -1], [-1, 1], [1, -1], [1, 1],
]

cdef struct Pair:
    # A pair of sentences, and the links that one of its directions has.
    int32_t sources
    int32_t targets
    const int32_t* forward   # [targets] source position or -1
    const int32_t* backward  # [sources] target position or -1
    int32_t count
    int32_t* first           # [targets + 2] where a target's links begin
    int32_t* target          # [count] ascending
    int32_t* source          # [count] ascending within a target
    uint8_t* state           # [count]
    uint8_t* target_covered  # [targets] whether some kept link is of it
    uint8_t* source_covered  # [sources]
    int32_t* place           # [sources + 1] scratch


def symmetrise(forward, backward, source_offsets, target_offsets, method):
    """Make one alignment of two.

    Parameters
    ----------
    forward : ndarray of int32 [target tokens]
        The source position that each target token is aligned with, -1 for the null word.
    backward : ndarray of int32 [source tokens]
        The target position that each source token is aligned with, -1 for the null word.
    source_offsets, target_offsets : ndarray of int64 [pairs + 1]
    method : str
        "forward" or "backward" keep the links of that direction; "intersection" those of both,
        "union" those of either (Och & Ney 2003, section 3.3). "grow-diag-final" (Koehn et al. 2005)
        begins with the intersection; time and again it adds those links of the union that touch
        one it has, also at a corner, and one of whose words is not covered yet; in the end it adds,
        first from forward, then from backward, what has a word not covered yet.

    Returns
    -------
    link_offsets : ndarray of int64 [pairs + 1]
    links : ndarray of int32 [links, 2]

    Raises
    ------
    StalenessError
        If there is no such method.
    ValueError
        If the arrays contradict each other.
    """
    cdef Method chosen = choose("symmetrisation", method, METHODS)
    cdef const int32_t[::1] to_source = forward
    cdef const int32_t[::1] to_target = backward
    cdef const int64_t[::1] source_starts = source_offsets, target_starts = target_offsets
    check_offsets("source_offsets", source_offsets, len(backward))
    check_offsets("target_offsets", target_offsets, len(forward))
    if len(source_offsets) != len(target_offsets):
        raise ValueError("source_offsets and target_offsets must be of as many pairs")
    cdef Py_ssize_t s, pairs = len(source_offsets) - 1, total = 0, unfit = -1
    cdef Py_ssize_t sources = np.diff(source_offsets).max(initial=0)
    cdef Py_ssize_t targets = np.diff(target_offsets).max(initial=0)
    cdef int32_t[::1] numbers = np.empty(3 * (sources + targets) + 3, dtype=np.int32)
    cdef uint8_t[::1] bytes_ = np.empty(2 * (sources + targets) + 1, dtype=np.uint8)
    link_offsets = np.zeros(pairs + 1, dtype=np.int64)
    links = np.empty((len(forward) + len(backward) + 1, 2), dtype=np.int32)
    cdef int64_t[::1] starts = link_offsets
    cdef int32_t[:, ::1] out = links
    cdef const int32_t* to_sources = &to_source[0] if to_source.shape[0] else NULL
    cdef const int32_t* to_targets = &to_target[0] if to_target.shape[0] else NULL
    cdef Pair pair
    pair.first = &numbers[0]
    pair.place = pair.first + targets + 2
    pair.target = pair.place + sources + 1
    pair.source = pair.target + sources + targets
    pair.state = &bytes_[0]
    pair.target_covered = pair.state + sources + targets
    pair.source_covered = pair.target_covered + targets
    with nogil:
        for s in range(pairs):
            pair.sources = source_starts[s + 1] - source_starts[s]
            pair.targets = target_starts[s + 1] - target_starts[s]
            pair.forward = to_sources + target_starts[s]
            pair.backward = to_targets + source_starts[s]
            if not fits(&pair):
                unfit = s
                break
            unite(&pair)
            keep(&pair, chosen)
            if chosen == GROW_DIAG_FINAL:
                grow_diag(&pair)
                finish(&pair, IN_FORWARD)
                finish(&pair, IN_BACKWARD)
            total += write(&pair, &out[total, 0])
            starts[s + 1] = total
    if unfit >= 0:
        raise ValueError(f"pair {unfit} is aligned with positions that it does not have")
    return link_offsets, links[:total].copy()


def count_links(link_offsets, links, gold_offsets, gold_links, gold_sure):
    """Compare an alignment with gold links, some of them sure, the others only possible.

    Pairs without gold links do not count.

    Parameters
    ----------
    link_offsets : ndarray of int64 [pairs + 1]
    links : ndarray of int32 [links, 2]
        What `symmetrise` returned.
    gold_offsets : ndarray of int64 [pairs + 1]
    gold_links : ndarray of int32 [gold links, 2]
        Sorted, each once.
    gold_sure : ndarray of uint8 [gold links]
        1 for sure, 0 for possible.

    Returns
    -------
    all_found, all_sure, in_possible, in_sure : int
        Of the links A, the sure ones S and the possible ones P, which the sure ones are among:
        |A|, |S|, |A & P|, |A & S|.

    Raises
    ------
    ValueError
        If the arrays contradict each other.
    """
    cdef const int64_t[::1] starts = link_offsets, gold_starts = gold_offsets
    cdef const int32_t[:, ::1] found = links, gold = gold_links
    cdef const uint8_t[::1] sure = gold_sure
    check_offsets("link_offsets", link_offsets, len(links))
    check_offsets("gold_offsets", gold_offsets, len(gold_links))
    if len(gold_sure) != len(gold_links) or len(gold_offsets) != len(link_offsets):
        raise ValueError("the gold links must be of as many pairs, each sure or possible")
    if found.shape[1] != 2 or gold.shape[1] != 2:
        raise ValueError("a link has two positions")
    cdef Py_ssize_t s, a, g, in_sure = 0, in_possible = 0, all_found = 0, all_sure = 0
    with nogil:
        for s in range(starts.shape[0] - 1):
            if gold_starts[s + 1] == gold_starts[s]:
                continue
            all_found += starts[s + 1] - starts[s]
            a = starts[s]
            for g in range(gold_starts[s], gold_starts[s + 1]):
                all_sure += sure[g] != 0
                while a < starts[s + 1] and before(&found[a, 0], &gold[g, 0]):
                    a += 1
                if a < starts[s + 1] and not before(&gold[g, 0], &found[a, 0]):
                    in_possible += 1
                    in_sure += sure[g] != 0
    return all_found, all_sure, in_possible, in_sure


def alignment_error(link_offsets, links, gold_offsets, gold_links, gold_sure):
    """Compare an alignment with gold links; see `count_links` and `error_rates`."""
    return error_rates(*count_links(link_offsets, links, gold_offsets, gold_links, gold_sure))


def error_rates(double all_found, double all_sure, double in_possible, double in_sure):
    """Return what the numbers of `count_links` say of an alignment.

    Och & Ney (2003), equations 26 to 28: precision is |A & P| / |A|, recall |A & S| / |S|, and the
    alignment error rate 1 - (|A & S| + |A & P|) / (|A| + |S|).

    Returns
    -------
    precision, recall, aer : float
        Between 0 and 1. Where there is nothing to divide by they are 0, 0 and 1.
    """
    precision = in_possible / all_found if all_found else 0.0
    recall = in_sure / all_sure if all_sure else 0.0
    both = all_found + all_sure
    return precision, recall, 1.0 - (in_sure + in_possible) / both if both else 1.0


cdef bint fits(const Pair* pair) noexcept nogil:
    """Return whether all that is aligned is aligned with a position there is."""
    cdef int32_t i, j
    for i in range(pair.targets):
        if not -1 <= pair.forward[i] < pair.sources:
            return False
    for j in range(pair.sources):
        if not -1 <= pair.backward[j] < pair.targets:
            return False
    return True


cdef void unite(Pair* pair) noexcept nogil:
    """Collect the links that one of the directions has."""
    cdef int32_t* first = pair.first
    cdef int32_t i, j, k
    memset(first, 0, (pair.targets + 2) * sizeof(int32_t))
    for j in range(pair.sources):
        if pair.backward[j] >= 0:
            first[pair.backward[j] + 2] += 1
    for i in range(pair.targets):
        j = pair.forward[i]
        # One that is in both was counted above.
        if j >= 0 and pair.backward[j] != i:
            first[i + 2] += 1
    for i in range(pair.targets):
        first[i + 2] += first[i + 1]
    pair.count = first[pair.targets + 1]
    # As long as the links of target i come in, first[i + 1] is where its next one goes.
    for j in range(pair.sources):
        i = pair.backward[j]
        if i >= 0:
            k = first[i + 1]
            first[i + 1] += 1
            pair.target[k] = i
            pair.source[k] = j
            pair.state[k] = IN_BOTH if pair.forward[i] == j else IN_BACKWARD
    for i in range(pair.targets):
        j = pair.forward[i]
        if j >= 0 and pair.backward[j] != i:
            k = first[i + 1]
            first[i + 1] += 1
            while k > first[i] and pair.source[k - 1] > j:
                pair.source[k] = pair.source[k - 1]
                pair.state[k] = pair.state[k - 1]
                k -= 1
            pair.target[first[i + 1] - 1] = i
            pair.source[k] = j
            pair.state[k] = IN_FORWARD


cdef void keep(Pair* pair, Method method) noexcept nogil:
    """Keep the links that a method begins with."""
    cdef int32_t k
    cdef uint8_t need = IN_BOTH
    if method == FORWARD:
        need = IN_FORWARD
    elif method == BACKWARD:
        need = IN_BACKWARD
    elif method == UNION:
        need = 0
    memset(pair.target_covered, 0, pair.targets)
    memset(pair.source_covered, 0, pair.sources)
    for k in range(pair.count):
        if pair.state[k] & need == need:
            add(pair, k)


cdef inline void add(Pair* pair, int32_t k) noexcept nogil:
    """Keep link k."""
    pair.state[k] |= KEPT
    pair.target_covered[pair.target[k]] = 1
    pair.source_covered[pair.source[k]] = 1


cdef inline bint uncovered(const Pair* pair, int32_t i, int32_t j) noexcept nogil:
    """Return whether target i or source j has no link that is kept."""
    return not (pair.target_covered[i] & pair.source_covered[j])


cdef void grow_diag(Pair* pair) noexcept nogil:
    """Add neighbours, their neighbours, and so on."""
    cdef int32_t i, j, k, n, other
    cdef bint added = True
    while added:
        added = False
        for k in range(pair.count):
            if pair.state[k] & (KEPT | GROWN) != KEPT:
                continue
            pair.state[k] |= GROWN
            for n in range(8):
                i = pair.target[k] + NEIGHBOURS[n][0]
                j = pair.source[k] + NEIGHBOURS[n][1]
                if not (0 <= i < pair.targets and 0 <= j < pair.sources):
                    continue
                # Without branches: which of the eight are links is hard to foretell.
                if ((pair.forward[i] == j) | (pair.backward[j] == i)) & uncovered(pair, i, j):
                    other = pair.first[i]
                    while pair.source[other] != j:
                        other += 1
                    add(pair, other)
                    added = True


cdef void finish(Pair* pair, uint8_t direction) noexcept nogil:
    """Add the links of one direction that have a word not covered yet."""
    cdef int32_t k
    for k in range(pair.count):
        if pair.state[k] & direction and uncovered(pair, pair.target[k], pair.source[k]):
            add(pair, k)


cdef int32_t write(
    const Pair* pair,
    int32_t* out,  # OUT [count, 2]
) noexcept nogil:
    """Write the links that are kept by source and then by target, and return how many they are."""
    cdef int32_t* place = pair.place
    cdef int32_t j, k, to
    memset(place, 0, (pair.sources + 1) * sizeof(int32_t))
    for k in range(pair.count):
        if pair.state[k] & KEPT:
            place[pair.source[k] + 1] += 1
    for j in range(pair.sources):
        place[j + 1] += place[j]
    for k in range(pair.count):
        if pair.state[k] & KEPT:
            to = place[pair.source[k]]
            place[pair.source[k]] += 1
            out[2 * to] = pair.source[k]
            out[2 * to + 1] = pair.target[k]
    # Each place has moved to where the next began; the last never moves.
    return place[pair.sources]


cdef inline bint before(const int32_t* a, const int32_t* b) noexcept nogil:
    """Return whether link a comes before link b."""
    return a[0] < b[0] or (a[0] == b[0] and a[1] < b[1])
