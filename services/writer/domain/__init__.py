"""What is asked of the model, and what is believed of its answer; standard library only."""
