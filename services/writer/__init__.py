"""Texts by a generative model: extractions, summaries, drafts; off the hot path, and guarded."""
