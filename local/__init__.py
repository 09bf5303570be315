"""Starts, finds and stops the embedded AWS, and deploys the stack to it."""
