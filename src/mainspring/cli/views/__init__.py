"""What the commands show: the two streams, and runs, budgets, comparisons and GPU memory on them."""
