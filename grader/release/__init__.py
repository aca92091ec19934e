"""What students get: the course without its hidden tests, its solutions and its salt, as a folder of plain files."""
