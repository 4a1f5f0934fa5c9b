"""A task's model cut into partitions: which rows of parameters a partition has to do with."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np

ALL = slice(None)
STRETCH = 2**15  # parameters


class Piece(NamedTuple):
    """The `number`-th of so many pieces of a model, which statistics do not tie to one another."""

    number: int
    pieces: int


WHOLE = Piece(0, 1)


class Multinomials(NamedTuple):
    """Parameters that are probabilities.

    Attributes
    ----------
    groups : ndarray of int32 [parameters]
        The multinomial that each belongs to.
    outcomes : ndarray of int64 [multinomials]
        How many each has, those that never occur among them.
    """

    groups: np.ndarray
    outcomes: np.ndarray


def stretches(length):
    """Yield slices that are worked on in a core's cache, and not in copies of everything."""
    for begin in range(0, length, STRETCH):
        yield slice(begin, min(begin + STRETCH, length))


class Model(ABC):
    """A partition's learner, in terms of rows of `width` parameters of the whole corpus' model.

    Parameters
    ----------
    task : Task
    corpus : EncodedCorpus
        A partition of the corpus.
    seed : int
        Of the run.
    piece : Piece
        Of the parameters, where the model can be cut; that is Model 1.

    Attributes
    ----------
    name : str
        The task's.
    learner : Learner
    corpus : EncodedCorpus
        In the numbers that the learner knows, for `Task.tally`.
    keys : ndarray of int64
        What its rows are called everywhere, ascending.
    keys_are_rows : bool
        Whether these are numbers of rows. Where nobody knows those before all keys have been seen,
        the first rows are those of the keys.
    """

    name: ClassVar[str]
    keys_are_rows: ClassVar[bool] = True

    def refuse(self, piece):
        """Raise an error if the model is to be cut, for those that cannot be."""
        if piece != WHOLE:
            raise ValueError("this model cannot be cut into pieces")

    @property
    def nbytes(self):
        """About the bytes of memory that it takes."""
        return sum(values.nbytes for values in self.corpus.arrays.values())

    @abstractmethod
    def begin(self):
        """Return what `initial` wants to know of the partition: rows, and sums [rows, width]."""

    def touched(self, examples):
        """Return which keys some examples have to do with: their numbers, ascending, or `ALL`."""
        return ALL

    @abstractmethod
    def set(self, theta, keys=ALL):
        """Make the parameters of some keys these, float32 [keys, width].

        Those of all others need not be anything until they are set.
        """

    @abstractmethod
    def compute(self, examples, keys=ALL):
        """Return sums over some examples, float [keys, width], and their objective.

        Of those keys; they must be all that the examples have `touched`.
        """

    # At the driver, which has no partition.

    @staticmethod
    @abstractmethod
    def shape(task, about, keys):
        """Return rows and width of theta.

        Parameters
        ----------
        task : Task
        about : dict
            Of the whole corpus.
        keys : ndarray of int64
            Of all partitions, each once, ascending; None where they are rows.
        """

    @staticmethod
    def multinomials(task, about, keys):
        """Return the `Multinomials` of all parameters; None where they are no probabilities."""
        return None

    @staticmethod
    @abstractmethod
    def initial(begun, rows, multinomials):
        """Return what learning begins with, float64 [parameters].

        Parameters
        ----------
        begun : Counts
            The sum of what partitions `begin` with.
        rows : int
        multinomials : Multinomials or None
        """
