"""Distributed Map states and Map Runs."""
