"""The commands of `ingest`, a module each, and what they share.

A new command is a function with typer's annotations in a module of its own, and an entry with its
example in `ops.cli`. The first sentence of its docstring is its summary: at most 60 characters.
It takes `options.Local`, `Data`, `Stack` and `AsJson`, finds its stack by `options.chosen`, asks
by `options.confirm` before it changes anything, and raises an `ops.errors.OpsError` to end.
"""
