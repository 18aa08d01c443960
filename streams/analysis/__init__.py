"""Analyses of emitted hits and verdicts: precision, budget use, and joint operations."""
