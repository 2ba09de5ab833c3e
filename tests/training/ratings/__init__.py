"""Tests of the task ratings."""
