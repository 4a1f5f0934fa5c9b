"""Every kernel beside what the machine allows; see docs/roofline.md and `__main__.py`."""
