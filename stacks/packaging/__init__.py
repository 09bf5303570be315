"""How the functions' code and their dependencies become the assets of a deployment."""
