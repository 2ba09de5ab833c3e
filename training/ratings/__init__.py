"""Valence and arousal: networks that learn them from rated photos, or from photos with emotion labels alone."""
