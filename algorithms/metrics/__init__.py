"""How well a learner does, from labels alone."""
