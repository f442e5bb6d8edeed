"""Terraform as text: modules, variables and references, read without Terraform and without a cloud."""
