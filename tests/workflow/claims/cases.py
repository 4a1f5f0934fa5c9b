"""For every claim, made-up cells that have to give each of the verdicts."""

from staleness.workflow.claims import claims

from . import made_up


def cells_of(name, *numbers, **more):
    """Return made-up cells of a claim, as it makes them of some numbers."""
    return claims()[name].made_up(made_up, *numbers, **more)


CASES = {
    name: {verdict: cells_of(name, *numbers) for verdict, numbers in claim.cases.items()}
    for name, claim in claims().items()
}
