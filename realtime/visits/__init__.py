"""Mobile care: a clinician drives to a patient, who sees where they are."""
