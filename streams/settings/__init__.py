"""One TOML file to validated settings: every fault with its line, its rule and its value."""
