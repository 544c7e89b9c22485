"""Tiny random pipelines of every model family, and the reference implementation that runs them."""
