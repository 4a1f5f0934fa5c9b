"""How fast the kernels are: over commits (asv) and beside their peers (`benchmarks/peers`)."""
