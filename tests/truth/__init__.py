"""Journeys of made-up traffic held against the truth about it."""
