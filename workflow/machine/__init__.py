"""The machine at hand: what it is, how quiet and how fast, and whether the clocks agree on it."""
