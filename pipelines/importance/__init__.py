"""How much a metric owes to each declared feature."""
