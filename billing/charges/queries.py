"""Reads of charges."""
