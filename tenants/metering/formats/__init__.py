"""Readers of meter files: pure, streaming, strict. One file of this folder knows one format."""
