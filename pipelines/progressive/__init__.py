"""Progressive validation: what a model made of rows before it learned from them."""
