"""Joint control operations: what belongs to one, in what order its crews go for it, what came of it."""
