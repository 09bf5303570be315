"""What flows between the states: pointers and counts, never data.

A module for each function's own, so that a cold start builds no model that its function has not.
"""
