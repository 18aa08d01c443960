"""The pipeline over files: alerts, reads and verdicts as JSON lines in, hits out; no broker."""
