"""What `mainspring pool` knows: how pools stand, asked of a gateway, or of their members where there is none."""
