"""What this workflow needs of AWS beyond MiniStack, one module a concern.

Each extension module has `install()`, which puts its functions in the place of MiniStack's;
`extensions` is the list of all. `core.self_check` proves at every start that the names of MiniStack
on which they rest are there.
"""
