"""The decider's write-ahead log and the state that is its fold."""
