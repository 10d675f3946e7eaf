"""The only door: whose is it, valid, mapped, split, masked, keyed by us. Stateless."""
