"""LambdaMART's gradients and hessians, of our own: plain, and freed of position bias three ways."""
