"""What the commands on stores share: which store, which run, how it is driven here and how it is left."""
