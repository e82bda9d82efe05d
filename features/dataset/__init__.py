"""Encoded rows on disk: written in parts, read back as shuffled batches."""
