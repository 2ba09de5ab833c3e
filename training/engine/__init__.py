"""Runs and measurements, whatever is learnt."""
