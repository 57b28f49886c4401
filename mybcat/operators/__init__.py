"""The admin of the platform's operators: across practices, masked, and on record."""
