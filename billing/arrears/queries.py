"""Reads of arrears."""
