"""What the flow itself says: cases, assessments, decisions, actions, and what comes back."""
