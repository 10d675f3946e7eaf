"""The rules of reading: whom to ask, what of, and when not to rely on the answer."""
