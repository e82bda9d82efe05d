"""How many bits each part of a table deserves."""
