"""Whether a head deserves to decide: labelled rows through the served models, and figures."""
