"""May we act, which action, at which autonomy? One writer per tenant, and no model here."""
