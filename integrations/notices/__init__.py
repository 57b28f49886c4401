"""What a practice's managers should know, on their dashboard and by e-mail."""
