"""Files as producers have them: what is in them, and which documents their source would send."""
