"""Which submissions of a class are suspiciously alike: pairs, and pages that show them side by side."""
