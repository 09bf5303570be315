"""An AWS on this machine: MiniStack, extended by one folder a service. See README.md.

Each extension module has `install()`, which puts its functions in the place of MiniStack's;
`extensions` is the list of all. `core.self_check` proves at every start that the names of MiniStack
on which they rest are there.
"""
