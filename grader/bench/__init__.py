"""Measurements whose numbers the lesson texts and the README quote; each is a command that anyone can repeat."""
