"""How readers misread: what a read says of the plate it was taken from, learnt from pairs of both."""
