"""Network: sites, cameras and links between sites; routes, distances and validation."""
