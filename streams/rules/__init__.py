"""What the law and the lists' owners allow, as an operator sets it, each rule with its source."""
