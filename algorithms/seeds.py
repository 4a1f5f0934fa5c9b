"""Random numbers that depend on what they are for, and on nothing else.

A generator is seeded by the run's seed and the names of what varies ("order", epoch; "delays",
processor), so that every algorithm sees the same order of examples and the same delays: common
random numbers.
"""

import hashlib

import numpy as np


def generator(seed, *names):
    """Return the random generator of one purpose.

    Parameters
    ----------
    seed : int
        Of the run.
    *names : str or int
        What the numbers are for.

    Returns
    -------
    numpy.random.Generator
    """
    text = "\x1f".join(map(str, (seed, *names)))
    digest = hashlib.sha256(text.encode()).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "little")))


def visiting_order(seed, examples, epochs):
    """Return the order in which examples are visited, a new permutation for each epoch.

    Parameters
    ----------
    seed, examples, epochs : int

    Returns
    -------
    ndarray of int32 [epochs * examples]
    """
    order = np.empty((epochs, examples), dtype=np.int32)
    for epoch in range(epochs):
        order[epoch] = generator(seed, "order", epoch).permutation(examples)
    return order.reshape(-1)
