"""Simulation of traffic over a network of cameras, with the truth, for the demo, tests and benchmarks.

The same seed gives the same traffic. Nothing here reads the clock or uses Kafka.
"""
