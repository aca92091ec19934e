"""The commands of ``grader``, by who types them. Each is thin; the work is in the room behind it."""
