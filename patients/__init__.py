"""Patients of a practice: records and search."""
