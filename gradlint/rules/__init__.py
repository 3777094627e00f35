"""One rule a file; a file here is all it takes to add one."""
