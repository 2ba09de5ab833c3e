"""Emotions: labelled photos, and the networks that tell which emotion a photo evokes."""
