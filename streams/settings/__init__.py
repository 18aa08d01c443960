"""The settings: one TOML file, validated with every fault reported by line, rule and value."""
