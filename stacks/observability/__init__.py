"""Alarms and dashboard of the stack."""
