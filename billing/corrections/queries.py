"""Reads of corrections."""
