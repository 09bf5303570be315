"""Checks definitions."""
