"""API clients: programs of partners that act for one practice, and how they prove who they are."""
