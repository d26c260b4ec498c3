"""Reads of requests, holds and nights; filled with what pages ask."""
