"""Training of confusion models from pairs of reads and true plates."""
