"""What placeholders stand for: sealed by intake, opened by the courier alone (docs/adr/0014)."""
