"""Validation, estimation and editing of interval days: the rules, pure; docs/algorithms/validation.md."""
