"""What Triton serves: its environment, the build of the models, the repository it loads."""
