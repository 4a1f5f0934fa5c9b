"""Figure `alignment-convergence`: batch and stepwise EM on word alignment."""

from staleness.workflow.figures import Figure, convergence


class AlignmentConvergence(Figure):
    """Log-likelihood and AER of IBM Model 1 against time, one curve a schedule.

    Gimpel, Das & Smith (2010), section 6.2, figure 4.
    """

    name = "alignment-convergence"
    title = "Word alignment: convergence"
    question = (
        "Does stepwise EM beat batch EM on word alignment, and asynchronous learning synchronous? "
        "In 2010, with m = 10,000, both stepwise learners converged at the same rate."
    )
    claims = ("alignment-schedules", "incremental")
    place = 6
    task = "alignment"
    metric = "log_likelihood"

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        return super().skip(cells) or convergence.reason_against(cells)

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        return convergence.draw(cells, (self.metric, "aer"))

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        return convergence.caption(cells, (self.metric, "aer"))
