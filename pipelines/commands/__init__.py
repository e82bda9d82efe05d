"""The commands of `crossrank`, one a file."""
