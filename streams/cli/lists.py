"""`anpr lists`: what the alert lists hold, and what is wrong with them."""
