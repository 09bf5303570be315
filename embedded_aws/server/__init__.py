"""The server around the services: who gets in, what is saved, what is kept, how it ends."""
