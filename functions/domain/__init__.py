"""The rules, and nothing else: values in, values out; no SDK, no clock, no environment."""
