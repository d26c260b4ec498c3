"""The database backend: a role beside each search path."""
