"""The JSON records: reads, alerts, matches, hits, verdicts, lookbacks; decoding, validation and encoding."""
