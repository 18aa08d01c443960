"""The figures: `make bench`, or `python -m tests.bench [--quick]`."""
