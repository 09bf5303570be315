"""Saved state, as its folder shows it."""

from __future__ import annotations

CLEAN = "clean"
"""Name of the file that the emulator writes into `state/` once all else there is written.

It holds a line for each service whose state could not be.
"""
