"""Precision, recall and F1 of whole entities, as the CoNLL shared task counts them."""

import numpy as np


def entities(labels, offsets, names):
    """Find the entities of a label sequence.

    An entity is a maximal run of B- and I- labels of one type; B-X always begins a new one, and so
    does I-X after anything but B-X or I-X (a decoder may write such a sequence).

    Parameters
    ----------
    labels : ndarray of int [tokens]
        Numbers into `names`.
    offsets : ndarray of int [sentences + 1]
        An entity ends where its sentence does.
    names : sequence of str
        "O", "B-X" or "I-X".

    Returns
    -------
    ndarray of int64 [entities, 3]
        Type, first token and the one after the last, ascending by token.
    """
    types = sorted({name[2:] for name in names if name != "O"})
    type_of_label = np.array([types.index(n[2:]) if n != "O" else -1 for n in names])
    begins_always = np.array([name.startswith("B-") for name in names])
    kind = np.append(type_of_label[labels], -1)
    first_of_sentence = np.zeros(len(kind), dtype=bool)
    first_of_sentence[offsets] = True
    differs = np.append(True, kind[1:] != kind[:-1]) | first_of_sentence
    differs[:-1] |= begins_always[labels]
    boundaries = np.flatnonzero(differs)
    begins, ends = boundaries[:-1], boundaries[1:]
    inside = kind[begins] >= 0
    return np.stack([kind[begins], begins, ends], axis=1)[inside]


def count_entities(gold, predicted, offsets, names):
    """Compare predicted entities with gold ones; both ends and the type must agree.

    Parameters
    ----------
    gold, predicted : ndarray of int [tokens]
    offsets : ndarray of int [sentences + 1]
    names : sequence of str
        Of the labels.

    Returns
    -------
    correct, found, wanted : int
        Predicted ones that are gold, predicted ones, gold ones.
    """
    found = entities(predicted, offsets, names)
    wanted = entities(gold, offsets, names)
    # One number an entity; those of one sequence are all different.
    stride = len(gold) + 1
    correct = np.intersect1d(
        *((e[:, 0] * stride + e[:, 1]) * stride + e[:, 2] for e in (found, wanted)),
        assume_unique=True,
    ).size
    return correct, len(found), len(wanted)


def precision_recall_f1(gold, predicted, offsets, names):
    """Compare predicted entities with gold ones; see `count_entities` and `shares`."""
    return shares(*count_entities(gold, predicted, offsets, names))


def shares(correct, found, wanted):
    """Return the shares that the numbers of `count_entities` make.

    Returns
    -------
    precision, recall, f1 : float
        Between 0 and 1; 0 where there is nothing to divide by.
    """
    precision = correct / found if found else 0.0
    recall = correct / wanted if wanted else 0.0
    f1 = 2 * correct / (found + wanted) if found + wanted else 0.0
    return precision, recall, f1
