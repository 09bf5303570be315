"""Runs executions."""
