"""Rules of law and of the lists' owners, as an operator configures them, each with its source."""
