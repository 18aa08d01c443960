"""Training pairs from two cameras on one road, where the true plates are not known."""
