"""Intake's rules. The standard library only."""
