"""What may be done about a case, and by what right: policies, facts, autonomy, effects, budgets."""
