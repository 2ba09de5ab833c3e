"""Hostile inputs, made up by Hypothesis: each gets an answer or one sentence."""
