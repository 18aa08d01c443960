"""Properties: what holds for every input, tried on inputs that Hypothesis makes up."""
