"""The corpora: what there are, where they come from, how they become arrays."""
