"""How recognisers misread: the probability of a read given the true plate, trained from pairs of both."""
