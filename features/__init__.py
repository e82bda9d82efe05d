"""Declare features once; fit them over logs; encode identically in training and in the server."""
