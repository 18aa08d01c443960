"""Snapshot files of alert lists: their format, and how they are written and read."""
