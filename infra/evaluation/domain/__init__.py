"""What figures mean: the standard library only."""
