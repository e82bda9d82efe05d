"""One transform a file: what it must see to be fitted, and the expression that encodes it."""
