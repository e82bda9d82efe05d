"""What `crossrank evaluate` and `crossrank compare` find: numbers, slices, differences, gates."""
