"""What this workflow needs of AWS beyond MiniStack, one module a concern.

Each extension module has `install()`, which puts its functions in the place of MiniStack's, and
`TOUCHES`, the private names on which that rests, as "module:name". `self_check` proves them at
every start; `extensions` is the list of all.
"""
