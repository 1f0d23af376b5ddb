"""Trains, samples, diagnoses and exports the language models of a Tiny Love study."""
