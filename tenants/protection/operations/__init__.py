"""Writes: requests and erasing, holds, retention."""
