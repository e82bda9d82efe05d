"""What a score is made of, by declared feature."""
