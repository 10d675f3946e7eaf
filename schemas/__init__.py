"""The wire contracts: what may be said, as pydantic models. Imports nothing else of ours."""
