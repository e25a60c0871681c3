"""A project of its own with stock django-guardian, as its documentation has it: what our decision is measured against."""
