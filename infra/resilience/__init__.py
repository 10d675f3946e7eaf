"""Faults on purpose, on real parts, judged against a run without any."""
