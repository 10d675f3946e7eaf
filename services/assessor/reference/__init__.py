"""Reference data: a local copy of what other systems say of orders, parts, suppliers, customers."""
