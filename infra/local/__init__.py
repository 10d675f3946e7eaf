"""The whole system on one machine, without Docker: real parts, supervised, on loopback."""
