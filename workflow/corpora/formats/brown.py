"""The tagged form (C) of the Brown Corpus, with its tags reduced to base tags.

Francis & Kucera (1979), "Manual of Information to accompany A Standard Corpus of Present-Day Edited
American English", revised and amplified: besides simple tags the corpus has tags made of them. The
prefix FW- marks a foreign word, and the suffixes -HL, -TL and -NC a word in a headline, in a title
and one that is cited; tags joined by + are those of the parts of a contraction, and * behind a tag
is its "n't".
"""

import re

from staleness.workflow.corpora import lines
from staleness.workflow.corpora.formats import tagged

SUFFIXES = re.compile(r"(-(HL|TL|NC))+$")


class Brown(tagged.Tagged):
    """Lines of `word/tag` with the tags of the Brown Corpus, in either case."""

    name = "brown"
    task = "tagging"
    example = "a/at {}/nn"
    modules = (lines, tagged)

    def tag(self, tag):
        """Return the base tag; see `base_tag`."""
        return base_tag(tag)


def base_tag(tag):
    """Return what is left of a tag without its prefix, suffixes and further parts.

    The tag is put into upper case; of tags joined by + the first stays; the prefix FW- and the
    suffixes -HL, -TL, -NC go, and so does * unless it is the whole tag, that of "not": "IN" from
    "fw-in+at-tl", "BEZ" from "bez*", "PP$" from "pp$-tl". The corpus's 472 tags become 92.
    """
    base = SUFFIXES.sub("", tag.upper().partition("+")[0].removeprefix("FW-"))
    return base if base == "*" else base.rstrip("*")
