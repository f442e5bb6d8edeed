"""What a catalogue file says: documents, validation, references, relations. Knows neither Django nor any disk."""
