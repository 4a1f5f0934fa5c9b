"""How near a kernel comes to what the machine allows, and what limits it.

The roofline of Williams, Waterman & Patterson (2009) is the smaller of two limits: the peak of a
kernel's own mix of operations, and the bandwidth of where its parameters are times its operations a
byte. It supposes that memory and arithmetic overlap perfectly, and knows no latencies. So a kernel
is also bounded phase by phase: a phase takes as long as the slowest of what it needs, and phases,
each of which needs what the one before has found, take the sum.
"""

from dataclasses import dataclass

# What may limit a phase: operations on vectors; rows of `limits.ROWS`; scratch memory; parameters;
# the corpus, and statistics that leave the caches; operations of a recursion that wait for others.
LIMITS = ("arithmetic", "exp, max, log", "L1", "gather", "stream", "chain")


@dataclass(frozen=True)
class Bound:
    """A kernel beside the limits.

    Attributes
    ----------
    operations, near, gathered, streamed : float
        Of a token or a cell: operations, and bytes.
    taken : float
        Nanoseconds.
    roof : float
        Operations a nanosecond: the roofline.
    roof_limit : {"peak", "bandwidth"}
    phases : dict of str to dict of str to float
        Nanoseconds by phase and limit, those of `LIMITS` that are above 0.
    """

    operations: float
    near: float
    gathered: float
    streamed: float
    taken: float
    roof: float
    roof_limit: str
    phases: dict

    @property
    def intensity(self):
        """Operations a byte that is not scratch memory."""
        return self.operations / (self.gathered + self.streamed)

    @property
    def speed(self):
        """Operations a nanosecond, which are 10^9 a second."""
        return self.operations / self.taken

    @property
    def bandwidth(self):
        """Bytes a nanosecond that are not scratch memory."""
        return (self.gathered + self.streamed) / self.taken

    @property
    def least(self):
        """The least nanoseconds: the sum of what limits each phase."""
        return sum(max(limits.values()) for limits in self.phases.values())

    @property
    def by_limit(self):
        """Nanoseconds of `least` by what limits, the most first; a dict of str to float."""
        found = {}
        for limits in self.phases.values():
            name = max(limits, key=limits.get)
            found[name] = found.get(name, 0.0) + limits[name]
        return dict(sorted(found.items(), key=lambda item: -item[1]))


def bound(case, limits):
    """Return the `Bound` of a timed `cases.Case` on a machine with some `limits.Limits`."""
    phases = case.phases
    sums = {
        name: float(sum(getattr(phase, name) for phase in phases))
        for name in ("operations", "near", "gathered", "streamed")
    }
    peak = sums["operations"] / sum(arithmetic(phase, limits) for phase in phases)
    beyond = sums["gathered"] + sums["streamed"]
    by_memory = sums["operations"] / beyond * limits.bandwidth(case.theta)
    return Bound(
        **sums,
        taken=case.taken,
        roof=min(peak, by_memory),
        roof_limit="peak" if peak < by_memory else "bandwidth",
        phases={phase.name: times(phase, case, limits) for phase in phases},
    )


def arithmetic(phase, limits):
    """Return nanoseconds of a phase's operations, were nothing else in the way."""
    rates = limits.rates
    both = phase.additions + phase.multiplications
    return max(
        phase.additions / rates["additions"],
        phase.multiplications / rates["multiplications"],
        both / rates["additions_and_multiplications"],
        phase.comparisons / rates["comparisons"],
    )


def times(phase, case, limits):
    """Return nanoseconds of a phase by limit, those that are above 0."""
    chain = sum(limits.latencies[name] * count for name, count in phase.chain.items())
    if phase.sums:
        chain += max(times(phase.sums, case, limits).values(), default=0.0)
    found = {
        "arithmetic": arithmetic(phase, limits),
        "exp, max, log": sum(count / limits.rates[row] for row, count in phase.rows.items()),
        "L1": phase.near / max(limits.bandwidths["L1"].values()),
        "gather": case.gather if phase.gathered else 0.0,
        "stream": phase.streamed / limits.bandwidth(case.streams),
        "chain": chain,
    }
    return {name: float(value) for name, value in found.items() if value > 0}
