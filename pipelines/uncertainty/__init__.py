"""How far a measured number may be from the truth, and whether two differ by more than chance."""
