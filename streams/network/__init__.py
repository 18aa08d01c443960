"""The road network: sites where cameras stand, the links between them, and the ways over it."""
