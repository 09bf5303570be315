"""Injected faults and throttling."""
