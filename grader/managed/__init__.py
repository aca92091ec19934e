"""Folders that a command writes and later updates, while people edit the files in between.

- ``folder``: ``ManagedFolder``: what to write, keep, merge and leave alone.
- ``merge``: three-way merges of texts.
"""
