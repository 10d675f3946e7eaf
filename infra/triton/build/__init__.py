"""Makes the models out of pinned weights. Runs in Triton's environment, not in the services'."""
