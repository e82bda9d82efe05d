"""LambdaMART on XGBoost: its settings, its training, and the trees that it leaves."""
