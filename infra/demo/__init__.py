"""The demonstration: publish examples as an outsider would, show what becomes of them."""
