"""The parts around the services: the local stack, the model build, the demonstration."""
