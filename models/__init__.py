"""CTR models over sparse embedding tables, and the trainer whose step costs what it touches."""
