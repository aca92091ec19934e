"""The ``grader`` command."""
def main() -> None:
    """Placeholder."""
