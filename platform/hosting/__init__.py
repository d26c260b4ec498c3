"""The operator's side: companies created, watched and, later, charged."""
