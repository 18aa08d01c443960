"""Joint control operations: their configuration, area, and admission of hits."""
