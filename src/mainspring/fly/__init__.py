"""The flywheel: runs of a large model train a small one, which serves first if it passes its gate."""
