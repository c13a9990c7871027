"""Intake: referrals, journal, triage, urgent measures, consent, documents, interagency requests."""
