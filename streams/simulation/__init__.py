"""Made-up traffic over a network of cameras, for the demo, tests and benchmarks.

The same seed gives the same traffic, times aside, which are passed in. Nothing here knows Kafka or the clock.
"""
