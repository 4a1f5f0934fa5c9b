"""Limited-memory BFGS for the CRF, by scipy."""

import functools
import os
import platform
import queue
import sys
import threading
import weakref
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from staleness.algorithms.components import parameter
from staleness.algorithms.updates import Update

OPTIONS = {
    # scipy's own would end sooner. In float32 the objective is good to about 1e-6: smaller steps
    # down than this are chance.
    "ftol": 1e-7,
    "gtol": 1e-7,
    # The epochs are the limit.
    "maxfun": sys.maxsize,
    "maxiter": sys.maxsize,
}
KERNELS = "Nehalem"  # of OpenBLAS: all x86-64 of today run them, as fast as memory has the vectors


@dataclass(frozen=True)
class LBFGS(Update):
    """Limited-memory BFGS on the L2-regularised conditional log-likelihood (Liu & Nocedal 1989).

    The objective is that of `sgd`: the mean negative log-likelihood of a sentence plus
    l2 / (2 N) |theta|^2, with N sentences. `memory` is the number of corrections kept. An epoch is
    one evaluation of objective and gradient, and `theta` after it where the next evaluation is to
    be: mostly an iterate, at times only a trial of the line search.
    """

    name = "lbfgs"
    statistics: ClassVar = "gradient and likelihood"
    sums: ClassVar = True
    batch: ClassVar = True

    l2: float = parameter(
        1.0, "1 / prior variance, the weight of theta squared (Gimpel, Das & Smith 2010)"
    )
    memory: int = parameter(10, "corrections that approximate the Hessian (Liu & Nocedal 1989)")

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        from staleness.kernels.rules.lbfgs import BatchGradient

        return BatchGradient(l2=self.l2, optimiser=Minimiser(self.memory))


class Minimiser:
    """scipy's L-BFGS-B (Zhu, Byrd, Lu & Nocedal 1997), the other way round.

    scipy calls the function it minimises; here whoever has evaluated the function calls the
    minimiser. So scipy runs in a thread of its own, and the two take turns.

    Parameters
    ----------
    memory : int
        Corrections that approximate the Hessian.

    Attributes
    ----------
    stopped : str or None
        Why it has ended, in scipy's words; None while it has not.

    Raises
    ------
    ValueError
        If the memory is less than 1.
    """

    def __init__(self, memory):
        if memory < 1:
            raise ValueError(f"memory must be at least 1, not {memory}")
        self.stopped = None
        self._linear_algebra = linear_algebra()
        self._asked, self._told = queue.SimpleQueue(), queue.SimpleQueue()
        self._thread = threading.Thread(
            target=_minimise,
            args=(memory, self._asked, self._told),
            name="minimiser",
            daemon=True,
        )
        self._end = weakref.finalize(self, _end, self._thread, self._told)

    def step(self, theta, objective, gradient):
        """Return where to evaluate next; the last `theta` again and again, once it has stopped.

        Parameters
        ----------
        theta, gradient : ndarray of float64
            Of one shape; the gradient is the minimiser's from then on.
        objective : float
            At theta.

        Raises
        ------
        RuntimeError
            If it has been closed.
        Exception
            What scipy raises; it is closed then.
        """
        if self.stopped is not None:
            return theta
        if not self._end.alive:
            raise RuntimeError("the minimiser has been closed")
        # More threads would sum in another order, and take cores that are not theirs.
        with self._linear_algebra.limit(limits=1, user_api="blas"):
            if not self._thread.is_alive():
                self._thread.start()
                self._told.put(theta.ravel())
                self._hear()  # scipy begins by asking for what is known
            self._told.put((objective, gradient.ravel()))
            found = self._hear()
        return found.reshape(theta.shape)

    def close(self):
        """End the thread, if there is one."""
        self._end()

    def _hear(self):
        """Return the point that scipy asks for or ends with; raise what it raises."""
        found = self._asked.get()
        if isinstance(found, np.ndarray):
            return found
        self.close()
        if isinstance(found, BaseException):
            raise found
        how = "converged" if found.success else "gave up"
        self.stopped = f"L-BFGS-B {how} after {found.nfev} evaluations: {found.message}"
        return found.x


@functools.cache
def linear_algebra():
    """Import scipy, and return what limits the threads of its linear algebra.

    It would choose its kernels by the processor, and each sums in an order of its own.
    """
    name = "OPENBLAS_CORETYPE"
    chosen = name in os.environ or platform.machine() != "x86_64"
    if not chosen:
        os.environ[name] = KERNELS
    try:
        # This takes half a second: whoever does without scipy does not wait for it.
        import scipy.optimize  # noqa: F401
        from threadpoolctl import ThreadpoolController
    finally:
        if not chosen:
            del os.environ[name]
    return ThreadpoolController()


class _Closed(BaseException):
    """Nobody wants to know any more."""


def _minimise(memory, asked, told):
    """Minimise from the first point that is told; ask for values at others; say how it ended."""
    from scipy.optimize import minimize

    def evaluate(theta):
        asked.put(theta)
        answer = told.get()
        if answer is None:
            raise _Closed
        return answer

    options = OPTIONS | {"maxcor": memory}
    try:
        asked.put(minimize(evaluate, told.get(), jac=True, method="L-BFGS-B", options=options))
    except _Closed:
        pass
    except BaseException as error:
        asked.put(error)


def _end(thread, told):
    """End a minimiser's thread; it knows nothing of the minimiser, which can so be dropped."""
    told.put(None)
    # Whichever thread collects garbage may come here.
    if thread.is_alive() and thread is not threading.current_thread():
        thread.join()
