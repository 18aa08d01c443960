"""The `anpr` command: one module per command, none with a rule of its own."""
