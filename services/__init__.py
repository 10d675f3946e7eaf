"""The services, and the chassis that they share."""
