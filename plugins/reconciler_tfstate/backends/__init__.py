"""Terraform's backends: one small module for each kind of place that a state is kept in."""
