"""Figure `tagging-convergence`: batch and stepwise EM on part-of-speech tagging."""

from staleness.workflow.figures import Figure, convergence


class TaggingConvergence(Figure):
    """Log-likelihood and many-to-1 accuracy of a bigram HMM against time, one curve a schedule.

    Gimpel, Das & Smith (2010), section 6.3, figure 6.
    """

    name = "tagging-convergence"
    title = "Part-of-speech tagging: convergence"
    question = (
        "Does the same hold where the objective is not convex, and staleness might lead elsewhere?"
    )
    claims = ("tagging-schedules",)
    place = 7
    task = "tagging"
    metric = "log_likelihood"

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        return super().skip(cells) or convergence.reason_against(cells)

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        return convergence.draw(cells, (self.metric, "many_to_one"))

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        return convergence.caption(cells, (self.metric, "many_to_one"))
