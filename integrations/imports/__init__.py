"""What practices bring along as files: read whole, tried in one transaction, taken over whole or not at all."""
