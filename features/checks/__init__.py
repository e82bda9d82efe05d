"""What must hold of raw columns, and what is done where it does not."""
