"""Paths, intrinsic functions and choice rules."""
