"""What `mainspring prompts` knows: which files there are, how they differ, what was made by which version."""
