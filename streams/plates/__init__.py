"""Plates: normal form, national formats, fleets, confusable characters, packed keys."""
