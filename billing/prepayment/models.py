"""Accounts that pay ahead: their balance against estimated use, warnings, stop and resume."""
