"""What every request passes and every service stands on."""
