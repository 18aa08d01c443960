"""Alert lists, reads and verdicts from files of JSON lines."""
