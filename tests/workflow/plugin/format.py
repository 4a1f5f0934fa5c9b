"""A corpus format of another distribution: `tag/word` tokens."""

from staleness.workflow.corpora import formats, lines
from staleness.workflow.corpora.formats import tagged


class Swapped(tagged.Tagged):
    """Words with a tag before the first slash: "DT/The"."""

    name = "swapped"
    modules = (formats, tagged, lines)
    example = "X/a Y/{}"

    def read(self, path):
        """Read a file; see `Format.read`."""
        found = super().read(path)
        words, tags = found.tags, found.words
        return type(found)(words=words, tags=tags, offsets=found.offsets, sha256=found.sha256)
