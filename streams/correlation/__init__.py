"""Correlation of matches over time: passages, journeys, handovers, verdicts and revisions of hits."""
