"""Marks in the forms that other systems read. Each exporter is a pure function of reports."""
