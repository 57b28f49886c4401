"""The practice's own CRM, told of its appointments as far as the practice allows."""
