"""The bench: what the running stack carries, what that costs, and what the model alone would do."""
