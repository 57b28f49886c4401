"""The audit record made tamper-evident: sealed into chains, checkpointed outside the database, verified, exported."""
