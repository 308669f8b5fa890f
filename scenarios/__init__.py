"""What users do with plans."""
