"""Tests of the list framework, by the list of people."""
