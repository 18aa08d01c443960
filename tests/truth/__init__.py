"""Journeys of simulated traffic, scored against the truth."""
