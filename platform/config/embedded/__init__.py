"""The servers that a single machine needs, started by the project itself: PostgreSQL and Valkey.

Both come as Python packages, speak on unix sockets only, and keep their data in one folder.
Their refusals are read in a terminal before any language is known: they are in English, not marked for translation.
"""
