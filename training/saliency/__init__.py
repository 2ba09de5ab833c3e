"""Salient-object detection: photos with masks, and RAS, which learns where photos are salient."""
