"""What each kernel needs for a token or a cell, counted from its loops.

A kernel is a sequence of phases, which go over a sentence one after the other. A phase is counted
as its loops are written, on whole vectors, padding lanes included, and with the least that it has
to load and store. `kernels/*.pyx` says what the quantities are. Letters:

    L   labels, or states S; each row has W lanes (L rounded up to whole vectors) in B vectors
    F   features of a token
    n   tokens of a sentence, the mean; N of a mini-batch
    I   source positions of a sentence pair, the null word among them; a row of cells has p lanes a
        cell

A recursion has n - 1 steps a sentence, so that a token has (n - 1) / n. What is done once a
sentence or once a mini-batch is shared out over its tokens. Scalar work (offsets, gold labels,
transposing a matrix, counting an update) is left out: the time that is found is a lower bound.
"""

from dataclasses import dataclass, field

from staleness.kernels.core.memory import LANES, padded_width

FLOAT = 4  # bytes, of float32 and of int32
DOUBLE = 8
# Of lanes_exp: with the greatest of the row taken away before, from the source in lanes.h.
EXP_ADDITIONS, EXP_MULTIPLICATIONS = 12, 11
# Of exact_log: Horner's rule over 12 terms, and what is around it.
LOG_ADDITIONS, LOG_MULTIPLICATIONS = 16, 17


@dataclass(frozen=True)
class Phase:
    """What a phase needs for a token or a cell.

    Attributes
    ----------
    name : str
    additions, multiplications, comparisons : float
        Of float32 lanes. A comparison is with the selection that it is for.
    near : float
        Bytes loaded from and stored to what is in L1: the scratch memory of a sentence.
    gathered : float
        Bytes of the parameters, read and written where the corpus says.
    streamed : float
        Bytes of the corpus and of statistics that are too many for the caches.
    rows : dict of str to float
        How many exponentials, greatest lanes, logarithms of rows; see `limits.ROWS`.
    chain : dict of str to float
        Latencies of the longest chain of operations that wait for each other, but for those of
        `sums`; see `limits.LATENCIES`.
    sums : Phase or None
        The part of the phase that is a link of the chain by itself: a step of a recursion begins
        no sum before the step before has ended, and goes on when its last sum is there.
    """

    name: str
    additions: float = 0.0
    multiplications: float = 0.0
    comparisons: float = 0.0
    near: float = 0.0
    gathered: float = 0.0
    streamed: float = 0.0
    rows: dict = field(default_factory=dict)
    chain: dict = field(default_factory=dict)
    sums: "Phase | None" = None

    @property
    def operations(self):
        """Additions, multiplications and comparisons."""
        return self.additions + self.multiplications + self.comparisons


@dataclass(frozen=True)
class Chain:
    """The sizes of a linear chain or an HMM, and of what it is run on.

    Attributes
    ----------
    states : int
    length : float
        n.
    tokens : float
        N.
    """

    states: int
    length: float
    tokens: float

    @property
    def width(self):
        """W."""
        return padded_width(self.states)

    @property
    def blocks(self):
        """B."""
        return self.width // LANES

    @property
    def steps(self):
        """Of a recursion, for a token."""
        return (self.length - 1) / self.length


# ---- what the recursions share (chain.pxd) -------------------------------------------------------


def weighted_rows(size):
    """Return the part `weighted_rows` of a recursion, for a token.

    One multiplication and one addition for each of L rows of W lanes, and the even sum and the odd
    one; each row is loaded, and each weight once a block.
    """
    steps, lanes = size.steps, size.states * size.width
    return Phase(
        "weighted rows",
        additions=steps * (lanes + size.width),
        multiplications=steps * lanes,
        near=steps * FLOAT * (lanes + size.states * size.blocks),
        chain=scaled({"multiply": 1, "add": (size.states + 1) // 2 + 1}, steps),
    )


def scaled(chain, steps):
    """Return a chain for a token, of one for a step."""
    return {name: steps * times for name, times in chain.items()}


def forward(size, keeps=False):
    """Return the phase `forward_scaled`: alpha of a token.

    Parameters
    ----------
    size : Chain
    keeps : bool
        Whether what is below a least alpha becomes 0, as in the HMM.
    """
    sums, width, steps = weighted_rows(size), size.width, size.steps
    # The row before; times the emission; its sum over blocks and lanes; the inverse; times that.
    chain = {"forward": 1, "multiply": 2, "add": size.blocks - 1, "sum": 1, "divide": 1}
    return Phase(
        "forward",
        additions=sums.additions + width - 1,
        multiplications=sums.multiplications + steps * width + width,
        comparisons=width if keeps else 0,
        near=sums.near + 2 * FLOAT * width,
        chain=scaled(chain | ({"select": 1} if keeps else {}), steps),
        sums=sums,
    )


# ---- CRF and perceptron (linear_chain.pxd, crf.pyx, perceptron.pyx) ------------------------------


def scores(size, features):
    """Return the phase `score`: F rows of theta added, times the scale, plus the padding."""
    width = size.width
    return Phase(
        "scores",
        additions=(features + 2) * width,
        multiplications=width,
        near=2 * FLOAT * width,
        gathered=FLOAT * features * width,
        streamed=FLOAT * features + DOUBLE + FLOAT,
    )


def exponentials(size):
    """Return the phase `exponentiate`, and that of the transitions, once a mini-batch."""
    rows = 1 + size.states / size.tokens
    width = size.width
    return Phase(
        "exp",
        additions=rows * EXP_ADDITIONS * width,
        multiplications=rows * EXP_MULTIPLICATIONS * width,
        comparisons=2 * rows * width,
        near=2 * FLOAT * rows * width,
        rows={"exponentials": rows * size.blocks, "greatest": rows},
    )


def residuals(size):
    """Return the phase `residuals`: beta, posteriors less gold, and expected transitions."""
    sums, width, steps = weighted_rows(size), size.width, size.steps
    lanes = size.states * width
    return Phase(
        "backward",
        additions=sums.additions + steps * lanes,
        multiplications=width
        + sums.multiplications
        + steps * (2 * width + lanes)
        + lanes / size.length,
        # alpha, psi and the node; a row of edges read and written; at the end times M.
        near=sums.near
        + 3 * FLOAT * width
        + steps * (2 * FLOAT * lanes + FLOAT * size.states)
        + 4 * FLOAT * lanes / size.length,
        # v is psi beta / c; beta and v go through memory.
        chain=scaled({"forward": 2, "multiply": 2}, steps),
        sums=sums,
    )


def threshold(size):
    """Return the phase `tokens_beyond`: is any residual of a token as great as the threshold."""
    return Phase("threshold", comparisons=2 * size.width, near=FLOAT * size.width)


def crf_gradient(size, features):
    """Return the phases of SGD's `compute`."""
    return [
        scores(size, features),
        exponentials(size),
        forward(size),
        residuals(size),
        threshold(size),
    ]


def crf_update(size, features, touched):
    """Return the phases of SGD's update; `touched`: the share of tokens beyond the threshold."""
    width, lanes = size.width, size.states * size.width
    rows = Phase(
        "rows",
        additions=touched * features * width,
        multiplications=touched * width,
        comparisons=2 * width,
        near=FLOAT * width + FLOAT * touched * features,
        gathered=touched * 2 * FLOAT * features * width,
    )
    transitions = Phase(
        "transitions",
        additions=lanes / size.length,
        multiplications=lanes / size.length,
        near=3 * FLOAT * lanes / size.length,
    )
    return [rows, transitions]


def crf_viterbi(size, features):
    """Return the phases of the perceptron's and MIRA's `compute`, but for what follows mistakes."""
    return [scores(size, features), viterbi(size)]


def viterbi(size):
    """Return the phase `viterbi`, of logarithms, and of its way back."""
    width, steps, lanes = size.width, size.steps, size.states * size.width
    sums = Phase(
        "greatest",
        additions=steps * lanes,
        comparisons=steps * lanes,
        near=steps * FLOAT * (lanes + size.states * size.blocks),
        chain=scaled({"add": 1, "argmax": size.states}, steps),
    )
    return Phase(
        "Viterbi",
        additions=sums.additions + steps * width,
        comparisons=sums.comparisons,
        near=sums.near + steps * FLOAT * 3 * width,
        # The row before, plus the score; two loads a token on the way back.
        chain=scaled({"forward": 1, "add": 1, "load": 2}, steps),
        sums=sums,
    )


# ---- HMM (hmm.pyx) -------------------------------------------------------------------------------


def emissions(size):
    """Return the phase `emit`: the row of the word, smoothed, normalised, over its greatest."""
    width = size.width
    return Phase(
        "emissions",
        additions=width,
        multiplications=2 * width,
        comparisons=3 * width,
        near=4 * FLOAT * width,
        gathered=FLOAT * width,
        streamed=FLOAT,
        rows={"greatest": 1},
    )


def backward(size, statistics):
    """Return the phase `posterior` after forward: beta, v and the posteriors of a token."""
    sums, width, steps = weighted_rows(size), size.width, size.steps
    return Phase(
        "backward",
        additions=sums.additions,
        multiplications=3 * width + sums.multiplications,
        comparisons=5 * width,
        near=sums.near + 4 * FLOAT * width,
        streamed=statistics * 2 * FLOAT * width,
        # beta is raised; times emission and 1 / c; bounded, twice; kept where alpha is.
        chain=scaled({"forward": 1, "multiply": 2, "select": 4}, steps),
        sums=sums,
    )


def transition_counts(size):
    """Return the phase `transitions_of`: alpha times v, summed over a sentence, 8 rows at once."""
    width, steps, square = size.width, size.steps, size.width**2
    at_once = 8
    return Phase(
        "transitions",
        additions=steps * square,
        multiplications=steps * square + square / size.length,
        near=steps * FLOAT * (width // at_once) * (width + size.blocks * at_once)
        + 2 * FLOAT * square / size.length,
    )


def sums(size, statistics):
    """Return the phase of the sums of a slot: of nodes, of transitions, of starts."""
    width, lanes = size.width, size.states * size.width
    return Phase(
        "sums",
        additions=width + (lanes + 2 * width) / size.length,
        near=FLOAT * width
        + (FLOAT + 2 * DOUBLE) * lanes / size.length
        # Once a mini-batch they are set to 0.
        + DOUBLE * lanes / size.tokens,
        streamed=statistics * FLOAT * width,
    )


def preparation(size):
    """Return the phase `prepare`, once a mini-batch: transitions normalised and transposed."""
    lanes = size.states * size.width
    return Phase(
        "preparation",
        additions=2 * lanes / size.tokens,
        multiplications=lanes / size.tokens,
        comparisons=2 * lanes / size.tokens,
        near=(2 * FLOAT * lanes + 2 * FLOAT * size.states**2) / size.tokens,
    )


def hmm_expectations(size, streams):
    """Return the phases of the E-step; `streams`: the statistics are too many for the caches."""
    return [
        preparation(size),
        emissions(size),
        forward(size, keeps=True),
        backward(size, streams),
        transition_counts(size),
        sums(size, streams),
    ]


def hmm_update(size, streams):
    """Return the phases of `add`: the posteriors of a token to its word, and the sums."""
    width, lanes = size.width, size.states * size.width
    rows = Phase(
        "rows",
        additions=width,
        multiplications=width,
        comparisons=width,
        near=FLOAT * width,
        gathered=2 * FLOAT * width,
        streamed=streams * FLOAT * width,
    )
    added = Phase(
        "sums",
        additions=lanes / size.tokens,
        multiplications=lanes / size.tokens,
        comparisons=lanes / size.tokens,
        near=(2 * FLOAT + DOUBLE) * lanes / size.tokens,
    )
    return [rows, added]


def hmm_viterbi(size):
    """Return the phases of `evaluate`: the best states, and the likelihood after that."""
    width, steps, lanes = size.width, size.steps, size.states * size.width
    sums = Phase(
        "greatest",
        multiplications=steps * lanes,
        comparisons=steps * lanes,
        near=steps * FLOAT * (lanes + size.states * size.blocks),
        chain=scaled({"multiply": 1, "argmax": size.states}, steps),
    )
    best = Phase(
        "Viterbi",
        multiplications=sums.multiplications + steps * 2 * width,
        comparisons=sums.comparisons + steps * 2 * width,
        near=sums.near + steps * FLOAT * 4 * width,
        rows={"greatest": steps},
        # The row before; times the emission; over the greatest of all; two loads on the way back.
        chain=scaled(
            {"forward": 1, "multiply": 2, "greatest": 1, "divide": 1, "select": 1, "load": 2},
            steps,
        ),
        sums=sums,
    )
    logarithms = Phase(
        "log",
        additions=LOG_ADDITIONS,
        multiplications=LOG_MULTIPLICATIONS,
        near=2 * FLOAT,
        rows={"logarithms": 1},
    )
    return [emissions(size), best, forward(size, keeps=True), logarithms]


# ---- Model 1 (model1.pyx) ------------------------------------------------------------------------


@dataclass(frozen=True)
class Cells:
    """The sizes of sentence pairs.

    Attributes
    ----------
    length : float
        I, the mean over target words.
    lanes : float
        p: 1 without padding.
    """

    length: float
    lanes: float


def model1_expectations(size, streams):
    """Return the phases of the E-step: parameters collected, then a row for each target word.

    The sums over target words, `columns`, are the only chain: every row adds to them in memory.
    """
    lanes = size.lanes
    collected = Phase(
        "parameters", near=FLOAT, gathered=FLOAT, streamed=FLOAT + streams * 2 * FLOAT
    )
    rows = Phase(
        "posteriors",
        additions=3 * lanes,
        multiplications=2 * lanes,
        comparisons=lanes,
        # counts, rate, products twice, columns twice, the posteriors.
        near=7 * FLOAT * lanes,
        chain={"forward": 1 / size.length, "add": 1 / size.length},
    )
    return [collected, rows]


def model1_update(size, streams):
    """Return the phases of `add`: a posterior to its parameter."""
    return [
        Phase(
            "parameters",
            additions=1,
            multiplications=1,
            near=FLOAT,
            gathered=2 * FLOAT,
            streamed=FLOAT + streams * FLOAT,
        )
    ]
