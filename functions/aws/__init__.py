"""Adapters to AWS. Each takes its clients, its clock and its random source as arguments."""
