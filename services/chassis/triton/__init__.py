"""The one way to models: the only importer of tritonclient."""
