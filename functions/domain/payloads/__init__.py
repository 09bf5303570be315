"""Payloads of the state machine: pointers and counts, never data.

Each function has a module of its own, so that a cold start builds only the models it needs.
"""
