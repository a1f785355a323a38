"""Engines that carry run ids to workers, behind the protocol of `dispatch`."""
