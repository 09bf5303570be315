"""Shared by all services: scope, clock, background work, the check of MiniStack."""
