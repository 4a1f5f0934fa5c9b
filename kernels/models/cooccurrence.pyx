"""Which words co-occur in sentence pairs, and where: the layout of a translation table.

Parameters stand by the rarer of their two words, with words numbered by falling frequency: a rare
word has few, so that those of a sentence pair share cache lines, and those of frequent words, that
most sentence pairs need, stand together at the front.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t


def cooccurrences(
    const int64_t[::1] source_offsets,
    const int32_t[::1] source,
    const int64_t[::1] target_offsets,
    const int32_t[::1] target,
    Py_ssize_t source_words,
    Py_ssize_t target_words,
    Py_ssize_t spare=0,
):
    """Number the pairs of words that co-occur in a sentence pair.

    Parameters
    ----------
    source_offsets, target_offsets : ndarray of int64 [pairs + 1]
    source, target : ndarray of int32 [tokens]
    source_words, target_words : int
        The numbers of words.
    spare : int, optional
        Entries of 0 to put behind the cells.

    Returns
    -------
    targets, sources : ndarray of int32 [parameters]
        The target word of each parameter, and its source word + 1; 0 is the null word. They ascend
        by the greater of the two, then by whether that is the source's, then by the other.
    cells : ndarray of int32 [cells + spare]
        Sentence pair after sentence pair, target word after target word, the parameters of the
        null word and of each source word.

    Raises
    ------
    ValueError
        If there are 2^31 parameters or more.
    """
    cdef Py_ssize_t pairs = source_offsets.shape[0] - 1, word, k, n, i, j, f, found, first, size
    lengths = np.diff(source_offsets), np.diff(target_offsets)
    cell_offsets_of = np.concatenate([[0], np.cumsum((lengths[0] + 1) * lengths[1])])
    cdef const int64_t[::1] cell_offsets = cell_offsets_of
    # Where each target word stands.
    occurrences_of = np.argsort(target, kind="stable")
    pair_of = np.repeat(np.arange(pairs), lengths[1])
    cdef const int64_t[::1] occurrences = occurrences_of
    cdef const int64_t[::1] pair = pair_of
    ends = np.cumsum(np.bincount(target, minlength=target_words))
    cdef const int64_t[::1] end = ends
    cdef int32_t[::1] place = np.full(1 + source_words, -1, dtype=np.int32)
    cdef int32_t[::1] cells = np.zeros(cell_offsets_of[pairs] + spare, dtype=np.int32)
    cdef int64_t[::1] rows = np.zeros(target_words + 1, dtype=np.int64)
    cdef int32_t[::1] targets, sources, number
    cdef int32_t[::1] columns = np.empty(1024, dtype=np.int32)
    k = first = 0
    for word in range(target_words):
        begin = k
        # The most columns that the word can have.
        size = first + 1
        while k < end[word]:
            n = pair[occurrences[k]]
            size += source_offsets[n + 1] - source_offsets[n]
            k += 1
        size = min(size, first + 1 + source_words)
        if size > columns.shape[0]:
            columns = np.resize(columns, size + size // 2)
        if k > begin:
            columns[first] = 0
            place[0] = 0
            found = first + 1
            for j in range(begin, k):
                n = pair[occurrences[j]]
                for i in range(source_offsets[n], source_offsets[n + 1]):
                    f = source[i] + 1
                    if place[f] < 0:
                        place[f] = 0
                        columns[found] = f
                        found += 1
            np.asarray(columns)[first:found].sort()
            if found >= 2**31:
                raise ValueError("more than 2^31 - 1 pairs of words: take fewer sentence pairs")
            for j in range(first, found):
                place[columns[j]] = j
            for j in range(begin, k):
                n = pair[occurrences[j]]
                i = cell_offsets[n] + (occurrences[j] - target_offsets[n]) * (
                    source_offsets[n + 1] - source_offsets[n] + 1)
                cells[i] = first
                for f in range(source_offsets[n], source_offsets[n + 1]):
                    i += 1
                    cells[i] = place[source[f] + 1]
            for j in range(first, found):
                place[columns[j]] = -1
            first = found
        rows[word + 1] = first
    number = by_the_rarer(rows, columns, max(source_words, target_words - 1))
    targets, sources = np.empty((2, first), dtype=np.int32)
    for word in range(target_words):
        for k in range(rows[word], rows[word + 1]):
            targets[number[k]] = word
            sources[number[k]] = columns[k]
    for k in range(cell_offsets[pairs]):
        cells[k] = number[cells[k]]
    return np.asarray(targets), np.asarray(sources), np.asarray(cells)


cdef by_the_rarer(const int64_t[::1] rows, const int32_t[::1] columns, Py_ssize_t rarest):
    """Return the place of each parameter, int32, of those that stand by target word.

    `rarest` is the greatest number of a word.
    """
    cdef Py_ssize_t words = rows.shape[0] - 1, word, k
    cdef int64_t[::1] next_place = np.zeros(rarest + 2, dtype=np.int64)
    cdef int64_t[::1] next_of_source = np.empty(rarest + 1, dtype=np.int64)
    cdef int32_t[::1] number = np.empty(rows[words], dtype=np.int32)
    for word in range(words):
        for k in range(rows[word], rows[word + 1]):
            next_place[max(word, columns[k]) + 1] += 1
    for word in range(rarest + 1):
        next_place[word + 1] += next_place[word]
    # A word's places begin with those that it has as a target.
    for word in range(rarest + 1):
        next_of_source[word] = next_place[word]
    for word in range(words):
        k = rows[word]
        while k < rows[word + 1] and columns[k] <= word:
            next_of_source[word] += 1
            k += 1
    for word in range(words):
        for k in range(rows[word], rows[word + 1]):
            if columns[k] <= word:
                number[k] = next_place[word]
                next_place[word] += 1
            else:
                number[k] = next_of_source[columns[k]]
                next_of_source[columns[k]] += 1
    return number
