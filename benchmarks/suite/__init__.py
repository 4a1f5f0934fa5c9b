"""The asv suite: one file a kernel, one class an operation, data from fixed seeds."""
