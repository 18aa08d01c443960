"""Matching of reads with alerts: candidates, match decisions, posteriors and their reasons."""
