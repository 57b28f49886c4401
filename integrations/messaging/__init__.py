"""Messages to patients: text, consent, provider."""
