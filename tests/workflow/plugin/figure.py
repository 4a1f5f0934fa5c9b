"""A figure of another distribution: where each cell ends, as bars."""

from staleness.workflow.analysis import measures, words
from staleness.workflow.analysis.phrases import provenance
from staleness.workflow.figures import Figure, style


class Finals(Figure):
    """Final F1, a bar a cell."""

    name = "finals"
    title = "Where runs end"
    question = "Who ends where?"
    task = "ner"
    metric = "f1"

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        figure, axes = style.new_figure()
        finals = [measures.final(cell, self.metric).median for cell in cells]
        colours = [style.look(cell.schedule).colour for cell in cells]
        axes.bar(range(len(cells)), finals, color=colours)
        axes.set_xticks(range(len(cells)), [cell.label for cell in cells])
        axes.set_xlabel("cell")
        axes.set_ylabel("F1")
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        head = f"Final F1 of {cells[0].about['corpus']['corpus']}, medians over"
        return " ".join([f"{head} {words.seed_lists(cells)}.", *provenance(cells)])
