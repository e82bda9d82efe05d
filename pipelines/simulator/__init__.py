"""Click logs with a known truth, so that a whole run can be judged against the best achievable."""
