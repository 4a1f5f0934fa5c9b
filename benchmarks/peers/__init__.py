"""The kernels beside what one would otherwise use, on the same work in one run."""
