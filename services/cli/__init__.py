"""The sluice command: one file per group of commands."""
