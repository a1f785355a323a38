"""The commands of `mainspring train`, a file each."""
