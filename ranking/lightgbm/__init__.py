"""LambdaMART on LightGBM, to compare with: the extra `lightgbm`."""
