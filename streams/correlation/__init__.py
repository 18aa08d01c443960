"""Matches over time: passages, standing hits, withdrawal and expiry, verdicts."""
