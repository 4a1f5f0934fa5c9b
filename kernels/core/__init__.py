"""The loop itself: learners, models and rules as such, tables and what they are made of."""
