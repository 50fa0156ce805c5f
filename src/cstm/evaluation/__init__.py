"""Evaluation: metrics by a named protocol, cost, tables."""
