"""Embedding tables as memory-mapped arrays, full or quantized."""
