"""Layers that know their output size; a model is a short assembly of them."""
