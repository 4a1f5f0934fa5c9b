"""Learners, schedules and clocks: what is run, and how it is timed."""
