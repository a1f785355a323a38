"""The commands of `mainspring data`, a file each."""
