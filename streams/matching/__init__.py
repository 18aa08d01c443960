"""Reads against lists: candidates, how far a list's policy lets a match go, the country guard."""
