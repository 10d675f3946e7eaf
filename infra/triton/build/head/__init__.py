"""What every head is: copied into each model version by the build."""
