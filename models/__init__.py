"""The domain: book, check-up, matching, rules, formulation, plan and checker."""
