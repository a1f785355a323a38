"""The GPU-memory sizer: one ReAct agent that answers sizing questions in words."""
